"""The row clause: texts that are too long for their field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.plugin import Problem, Stage, quote_name, row_clause

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyRelation

    from bulkflow.plugin import JobRows


def _check(rows: JobRows | None, column: str, length: int) -> Iterator[Problem]:
    """Find a column that the source does not have, as soon as its columns are known."""
    del length
    if rows is not None and rows.find_column(column) is None:
        yield Problem(f"there is no column {column} to shorten", "name a column of the source")


@row_clause("shorten {column:column} to {length:count} characters", stage=Stage.READ, check=_check)
def shorten(rows: JobRows, column: str, length: int) -> DuckDBPyRelation:
    """Cut the texts of a column off after this many characters: `shorten Name to 80 characters`."""
    name = rows.find_column(column) or column
    return rows.replace(name, f"left({quote_name(name)}, {length})")
