"""The clause `map`: replaces values by a two-column table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from bulkflow.errors import DataError
from bulkflow.plugin import Problem, RowFault, Stage, quote_name, quote_text, row_clause
from bulkflow.system_errors import explained
from bulkflow_rows.clauses.columns import find_column_problems, require_column

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from duckdb import DuckDBPyRelation

    from bulkflow.plugin import JobRows

# Not the name of any column of a source, which the lookup would take for its own.
_FROM: Final = '"bulkflow from"'
_TO: Final = '"bulkflow to"'


def _read_pairs(path: Path) -> dict[str, str]:
    """Read a table of two columns with a header. Raises `DataError`."""
    from bulkflow_csv import read_rows

    found: dict[str, str] = {}
    with path.open("rb") as file:
        first = file.readline(1 << 16)
    delimiter = ";" if first.count(b";") > first.count(b",") else ","
    for number, row in enumerate(read_rows(path, delimiter=delimiter, name=path.name)):
        if len(row.values) != 2:
            raise DataError(
                f"line {row.line} has {len(row.values)} columns; a table for `map` has two",
                place=path.name,
                help="write the value of the source, and what replaces it, with a header above",
            )
        key, value = row.values
        if number and found.setdefault(key, value) != value:
            raise DataError(
                f"line {row.line}: {key} is replaced by {value}, and by {found[key]} above",
                place=path.name,
                help="remove one of the two lines",
            )
    return found


def _read_table(path: Path) -> dict[str, str]:
    """Read a table of two columns with a header. Raises `DataError`."""
    try:
        return _read_pairs(path)
    except OSError as error:
        what, remedy = explained(error, "check the path of the `map` clause")
        raise DataError(
            f"the table cannot be read: {what}", place=path.name, help=remedy
        ) from error


def _look_up(rows: JobRows, column: str, table: Path) -> str:
    """Load the table, and return the SQL for what replaces a value; null if it lacks the value."""
    name = quote_name(require_column(rows, column))
    pairs = quote_name(f"map of {column} by {table}")
    found = _read_table(Path(table))
    rows.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {pairs} ({_FROM} VARCHAR, {_TO} VARCHAR)"
    )
    rows.connection.execute(
        f"INSERT INTO {pairs} SELECT unnest($1::VARCHAR[]), unnest($2::VARCHAR[])",
        [list(found), list(found.values())],
    )
    return f"(SELECT {_TO} FROM {pairs} WHERE {_FROM} = coalesce({name}, ''))"  # noqa: S608


def _check(rows: JobRows | None, column: str, table: Path | str) -> Iterator[Problem]:
    yield from find_column_problems(rows, column)
    if rows is not None:
        try:
            _read_table(Path(table))
        except DataError as error:
            yield Problem(f"{error.place}: {error.message}", error.help, naming=column)


def _find_faults(rows: JobRows, column: str, table: Path) -> Iterable[RowFault]:
    name = require_column(rows, column)
    value = quote_name(name)
    nulls = ", ".join(quote_text(each) for each in rows.nulls)
    known = f" AND {value} NOT IN ({nulls})" if nulls else ""
    condition = f"{value} IS NOT NULL{known} AND {_look_up(rows, column, table)} IS NULL"
    return (
        RowFault(
            condition,
            name,
            f"cannot be found in {Path(table).name}",
            "add the values to the table, or keep them: write `or keep` at the end of the line",
        ),
    )


@row_clause("map {column} by {table:path}", stage=Stage.MAKE, check=_check, faults=_find_faults)
def map_values(rows: JobRows, column: str, table: Path) -> DuckDBPyRelation:
    """Replace the values of a column by a table: `map Rating by "ratings.csv"`.

    The table is a CSV file with a header and two columns: the value of the source, and what
    replaces it. Values that it lacks are refused before the first request; blank ones stay blank.
    """
    return rows.replace(require_column(rows, column), _look_up(rows, column, table))


@row_clause("map {column} by {table:path} or keep", stage=Stage.MAKE, check=_check)
def map_or_keep(rows: JobRows, column: str, table: Path) -> DuckDBPyRelation:
    """Replace the values of a column by a table, and keep the values that it lacks."""
    name = require_column(rows, column)
    return rows.replace(name, f"coalesce({_look_up(rows, column, table)}, {quote_name(name)})")
