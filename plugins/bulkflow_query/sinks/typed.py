"""Writes rows with types, as Parquet and as JSON lines, with DuckDB.

An empty value of a query's result is null. Parquet gets dates, times, numbers and booleans. JSON
has no dates, so they stay as the org wrote them.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from bulkflow.errors import StepError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

    from bulkflow_query.sinks.extracted import ExtractedCsv

MEMORY: Final = 64 << 20
"""Bytes that DuckDB may use; more goes to the run's folder."""
_LONGEST_LINE: Final = 4 << 20
_BUFFER: Final = 8 << 20

_INTEGERS: Final = frozenset({"int", "long"})
_NUMBERS: Final = frozenset({"double", "currency", "percent"})
_ZONE: Final = r"regexp_replace({0}, '([+-]\d\d)(\d\d)$', '\1:\2')"
"""Orgs write +0000, which DuckDB does not read."""


def write_parquet(rows: ExtractedCsv, target: Path) -> None:
    """Write Parquet, with the types of the org's fields."""
    _write(rows, target, "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880", dates=True)


def write_jsonl(rows: ExtractedCsv, target: Path) -> None:
    """Write one JSON object for each row; dates stay as the org wrote them."""
    _write(rows, target, "FORMAT json, ARRAY false", dates=False)


def find_greatest(rows: ExtractedCsv, column: int) -> str | None:
    """Find the greatest text of a column, by its index; None if there is none."""
    with _connect(rows) as connection:
        for parallel in (True, False):
            try:
                found = connection.execute(
                    f"SELECT max(nullif(c{column}, '')) FROM {_read(rows, parallel=parallel)}"  # noqa: S608 - a number and a quoted path
                ).fetchone()
            except _get_error_class() as error:
                if not parallel:
                    raise _make_error(error) from error
            else:
                return None if found is None else found[0]
    return None


def _write(rows: ExtractedCsv, target: Path, options: str, *, dates: bool) -> None:
    problem: Exception | None = None
    # DuckDB guesses where records begin if several processors read a file, and refuses the file if
    # that is within a value of several lines.
    for parallel in (True, False):
        target.unlink(missing_ok=True)
        rows.checkpoint()
        select = _make_select(rows, dates=dates, parallel=parallel)
        with _connect(rows) as connection:
            try:
                written = connection.execute(
                    f"COPY ({select}) TO {_quote(str(target.absolute()))} ({options})"
                ).fetchone()
            except _get_error_class() as error:
                problem = error
            else:
                if written is not None and written[0] == rows.rows:
                    return
    with suppress(OSError):
        target.unlink()
    raise _make_error(problem) from problem


def _make_error(problem: Exception | None) -> StepError:
    return StepError(
        f"the rows cannot be written with types: {problem or 'some of them are not readable'}",
        help="save them as .csv, which keeps the text of each value",
    )


def _get_error_class() -> type[Exception]:
    """Return the class of the errors of DuckDB, which is imported late."""
    import duckdb

    return duckdb.Error


@contextmanager
def _connect(rows: ExtractedCsv) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory. Raises OSError if a file cannot be read or written."""
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{MEMORY}B",
        "temp_directory": str(rows.folder),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": True,
        "threads": 1,
    }
    connection = duckdb.connect(config=config)
    try:
        connection.execute("SET enable_progress_bar = false")
        connection.execute("SET TimeZone = 'UTC'")
        yield connection
    except duckdb.IOException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()


def _read(rows: ExtractedCsv, *, parallel: bool) -> str:
    """Return the SQL for the rows: text columns `c0`, `c1`, ..., never null."""
    names = [f"'c{index}'" for index in range(len(rows.columns))]
    columns = ", ".join(f"{name}: 'VARCHAR'" for name in names)
    return (
        f"read_csv([{_quote(_escape_pattern(str(rows.path.absolute())))}], "
        f"columns={{{columns}}}, force_not_null=[{', '.join(names)}], delim=',', quote='\"', "
        "escape='\"', comment='', header=true, auto_detect=false, strict_mode=true, "
        f"compression='none', parallel={str(parallel).lower()}, max_line_size={_LONGEST_LINE}, "
        f"buffer_size={_BUFFER})"
    )


def _make_select(rows: ExtractedCsv, *, dates: bool, parallel: bool) -> str:
    selected = ", ".join(
        f"{_convert(f'c{index}', kind, dates=dates)} AS {_quote_name(name)}"
        for index, (name, kind) in enumerate(zip(rows.columns, rows.kinds, strict=True))
    )
    source = _read(rows, parallel=parallel)
    return f"SELECT {selected} FROM {source}"  # noqa: S608 - every name and value is quoted


def _convert(column: str, kind: str, *, dates: bool) -> str:
    """Return the SQL that makes a value of a type from its text."""
    value = f"nullif({column}, '')"
    if kind == "json" and not dates:
        return f"CAST({value} AS JSON)"
    if kind == "boolean":
        return f"CAST({value} AS BOOLEAN)"
    if kind in _INTEGERS:
        # A whole number may be written as 1.0E7.
        return f"CAST(CAST({value} AS DOUBLE) AS BIGINT)"
    if kind in _NUMBERS:
        return f"CAST({value} AS DOUBLE)"
    if dates and kind == "date":
        return f"CAST({value} AS DATE)"
    if dates and kind == "datetime":
        return f"CAST({_ZONE.format(value)} AS TIMESTAMPTZ)"
    return value


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _quote_name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _escape_pattern(path: str) -> str:
    """Escape a path as a glob pattern that matches only this path."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in path)
