"""The plugin's hooks: the row clauses, and the checks of their settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.plugin import hookimpl
from bulkflow.plugin.row_clauses import find_row_clauses

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bulkflow.plugin import Clause, Problem


@hookimpl
def bulkflow_clauses() -> Iterable[Clause]:
    """Declare the row clauses."""
    return ()


@hookimpl
def bulkflow_job_problems(settings: Mapping[str, object]) -> Iterable[Problem]:
    """Find what is wrong with the row clauses of a job, whatever its rows are."""
    for use in find_row_clauses(settings):
        yield from use.find_problems(None)
