"""The column that a clause names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.errors import DataError
from bulkflow.plugin import Problem
from bulkflow.plugin.suggestions import ask_did_you_mean, find_nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow.plugin import JobRows


def find_column_problems(rows: JobRows | None, column: str) -> Iterator[Problem]:
    """Find out whether the source has a column."""
    if rows is not None and rows.find_column(column) is None:
        near = ask_did_you_mean(find_nearest(column, rows.columns))
        yield Problem(
            f"{rows.name} has no column {column}",
            near or f"its columns are {', '.join(rows.columns[:12])}",
            naming=column,
        )


def require_column(rows: JobRows, column: str) -> str:
    """Return the exact name of a column. Raises `DataError` if the source does not have it."""
    found = rows.find_column(column)
    if found is None:
        problem = next(find_column_problems(rows, column))
        raise DataError(problem.message, place=rows.name, help=problem.help)
    return found
