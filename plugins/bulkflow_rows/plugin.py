"""The plugin's hooks: the row clauses, and the checks of their settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.model.value import Name, Text, plain
from bulkflow.plugin import ValueType, hookimpl
from bulkflow.plugin.row_clauses import find_row_clauses
from bulkflow_rows.clauses.compute import compute
from bulkflow_rows.clauses.filters import unique, where
from bulkflow_rows.clauses.map import map_or_keep, map_values
from bulkflow_rows.clauses.read import read_boolean, read_date, read_datetime, read_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bulkflow.model.value import Value
    from bulkflow.plugin import Clause, Problem

_KEPT = ("first", "last")


@hookimpl
def bulkflow_clauses() -> Iterable[Clause]:
    """Declare the row clauses."""
    return (
        read_date,
        read_datetime,
        read_number,
        read_boolean,
        where,
        unique,
        compute,
        map_values,
        map_or_keep,
    )


@hookimpl
def bulkflow_value_types() -> Iterable[ValueType]:
    """Declare the slot types."""
    return (ValueType("kept_row", "first or last", _parse_kept_row, choices=_KEPT),)


def _parse_kept_row(value: Value) -> str:
    if isinstance(value, Name | Text) and plain(value).lower() in _KEPT:
        return plain(value).lower()
    raise ValueError("takes first or last")


@hookimpl
def bulkflow_job_problems(settings: Mapping[str, object]) -> Iterable[Problem]:
    """Find what is wrong with the row clauses of a job, whatever its rows are."""
    for use in find_row_clauses(settings):
        yield from use.find_problems(None)
