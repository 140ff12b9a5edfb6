"""Reads and writes JSON lines with DuckDB: one JSON object on each line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow.errors import DataError
from bulkflow.plugin import RowPlaces, SourceTable, quote_name, quote_text
from bulkflow_formats.content import check_content
from bulkflow_rows.session import quote_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection, DuckDBPyRelation
    from duckdb.sqltypes import DuckDBPyType

    from bulkflow.plugin import SinkRequest, SourceData, SourceRequest

_MARKS: Final = {".gz": b"\x1f\x8b", ".zst": b"\x28\xb5\x2f\xfd"}
_KEPT: Final = frozenset({"boolean", "bigint", "ubigint", "hugeint", "uhugeint", "double"})
"""The types of JSON's own numbers and truth values. Everything else is read as text."""
_LISTS: Final = frozenset({"list", "array"})


def recognizes_json_lines(start: bytes) -> bool:
    """Return whether a file begins with an object on a line of its own."""
    line, feed, _ = start.removeprefix(b"\xef\xbb\xbf").partition(b"\n")
    line = line.strip()
    return line.startswith(b'{"') and (not feed or line.endswith(b"}"))


def _is_object(start: bytes) -> bool:
    return start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")


def open_json_lines(request: SourceRequest) -> Iterator[SourceData]:
    """Yield the rows of a file. All rows are read for the names and types of the columns.

    A text stays the text that it is, even if it looks like a number or a date.
    """
    path, name = request.path, request.location
    mark = _MARKS.get(path.suffix.lower())
    check_content(
        path,
        name,
        "JSON lines",
        lambda start: start.startswith(mark) if mark else _is_object(start),
    )
    yield SourceTable(
        name,
        lambda connection: _relate(connection, path, name),
        places=RowPlaces("line"),
        files=(path,),
    )


def write_json_lines(request: SinkRequest) -> None:
    """Write rows as JSON lines."""
    columns = ", ".join(quote_name(each) for each in request.rows.columns)
    request.rows.query(
        "written_rows",
        f"COPY (SELECT {columns} FROM written_rows) TO {quote_text(str(request.path))}"  # noqa: S608
        f" (FORMAT json, ARRAY false, COMPRESSION {_find_compression(request.path)})",
    )


def _relate(connection: DuckDBPyConnection, path: Path, name: str) -> DuckDBPyRelation:
    detected = connection.sql(
        _read(
            path,
            # All rows, so that no later one differs; and no maps: a rare key is a column, too.
            "sample_size = -1, map_inference_threshold = -1, field_appearance_threshold = 0",
        )
    )
    found = list(zip(detected.columns, detected.types, strict=True))
    _refuse_ambiguous(connection, path, detected.columns, name)
    types = (f"{quote_text(key)}: {quote_text(_spell_type(kind))}" for key, kind in found)
    return connection.sql(_read(path, f"columns = {{{', '.join(types)}}}"))


def _read(path: Path, options: str, *, records: bool = True) -> str:
    return (
        f"SELECT * FROM read_json({quote_path(path)}, format = 'newline_delimited',"  # noqa: S608
        " hive_partitioning = false,"
        f" records = {str(records).lower()}, compression = '{_find_compression(path)}', {options})"
    )


def _find_compression(path: Path) -> str:
    return {".gz": "gzip", ".zst": "zstd"}.get(path.suffix.lower(), "uncompressed")


def _spell_type(kind: DuckDBPyType) -> str:
    """Return the SQL type to read values of a detected type as."""
    if kind.id == "struct":
        fields = (f"{quote_name(str(key))} {_spell_type(child)}" for key, child in kind.children)  # type: ignore[arg-type]
        return f"STRUCT({', '.join(fields)})"
    if kind.id in _LISTS:
        return f"{_spell_type(kind.children[0][1])}[]"  # type: ignore[arg-type]
    return kind.id.upper() if kind.id in _KEPT else "VARCHAR"


def _refuse_ambiguous(
    connection: DuckDBPyConnection, path: Path, columns: list[str], name: str
) -> None:
    """Raise `DataError` for keys that differ in case only: DuckDB gives the second `_1`."""
    lower = {each.lower(): each for each in columns}
    for column in columns:
        base, sign, number = column.rpartition("_")
        if not (sign and number.isdecimal() and base.lower() in lower):
            continue
        lines = connection.sql(_read(path, "columns = {'line': 'JSON'}", records=False))
        found = lines.filter(f"list_contains(json_keys(line), {quote_text(column)})")
        if not found.limit(1).fetchall():
            raise DataError(
                f"the keys {lower[base.lower()]} and {base} differ in upper and lower case only",
                place=name,
                help="Salesforce does not distinguish them: rename or leave out one of them",
            )
