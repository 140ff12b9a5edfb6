"""Writes rows with types, as Parquet and as JSON lines, with DuckDB.

An empty value of a query's result is null. Parquet gets dates, times, numbers and booleans. JSON
has no dates, so they stay as the org wrote them.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from bulkflow.errors import StepError

if TYPE_CHECKING:
    from pathlib import Path

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


def _write(rows: ExtractedCsv, target: Path, options: str, *, dates: bool) -> None:
    import duckdb

    problem: duckdb.Error | None = None
    # DuckDB guesses where records begin if several processors read a file, and refuses the file if
    # that is within a value of several lines.
    for parallel in (True, False):
        target.unlink(missing_ok=True)
        rows.checkpoint()
        connection = duckdb.connect(
            config={
                "memory_limit": f"{MEMORY}B",
                "temp_directory": str(rows.folder),
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "preserve_insertion_order": True,
                "threads": 1,
            }
        )
        try:
            connection.execute("SET enable_progress_bar = false")
            connection.execute("SET TimeZone = 'UTC'")
            select = _make_select(rows, dates=dates, parallel=parallel)
            written = connection.execute(
                f"COPY ({select}) TO {_quote(str(target.absolute()))} ({options})"
            ).fetchone()
            if written is not None and written[0] == rows.rows:
                return
        except duckdb.IOException as error:
            raise OSError(str(error)) from error
        except duckdb.Error as error:
            problem = error
        finally:
            connection.close()
    with suppress(OSError):
        target.unlink()
    raise StepError(
        f"the rows cannot be written with types: {problem or 'some of them are not readable'}",
        help="save them as .csv, which keeps the text of each value",
    ) from problem


def _make_select(rows: ExtractedCsv, *, dates: bool, parallel: bool) -> str:
    names = [f"'c{index}'" for index in range(len(rows.columns))]
    columns = ", ".join(f"{name}: 'VARCHAR'" for name in names)
    source = (
        f"read_csv([{_quote(_escape_pattern(str(rows.path.absolute())))}], "
        f"columns={{{columns}}}, force_not_null=[{', '.join(names)}], delim=',', quote='\"', "
        "escape='\"', comment='', header=true, auto_detect=false, strict_mode=true, "
        f"compression='none', parallel={str(parallel).lower()}, max_line_size={_LONGEST_LINE}, "
        f"buffer_size={_BUFFER})"
    )
    selected = ", ".join(
        f"{_convert(f'c{index}', kind, dates=dates)} AS {_quote_name(name)}"
        for index, (name, kind) in enumerate(zip(rows.columns, rows.kinds, strict=True))
    )
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
