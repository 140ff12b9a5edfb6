"""Rules for every sink, checked by writing rows with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.plugin.messages import SinkRequest
from bulkflow.plugin.row_clauses import quote_name, quote_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection, DuckDBPyRelation

    from bulkflow.plugin.records import Sink

COLUMNS = ("Name", 'quo"te', "it's", "com,ma", "é東")
ROWS: tuple[tuple[str | None, ...], ...] = (
    ("plain", 'say "hi"', "it's", "a,b;c\td", "é東\U0001f600"),
    ("line\nbreak", "", None, " kept ", "007"),
    *((f"row {number}", "x", None, "2024-02-29", "-1.50") for number in range(3000)),
)
"""The rows that are written, as texts."""


def check_sink(
    sink: Sink,
    folder: Path,
    *,
    read: Callable[[Path], Sequence[Sequence[object]]] | None = None,
    environ: Mapping[str, str] | None = None,
) -> list[str]:
    """Check a sink; returns one sentence per fault, none for a good sink.

    Checks for each of its suffixes that it writes the file that it is asked for and no other, also
    without rows, and that an error of the rows is not swallowed.

    Args:
        sink: The sink.
        folder: An empty folder.
        read: Reads a file back, as records of values with the names of the columns first. The
            values must be those of the rows; a null may be None or an empty text.
        environ: The environment variables that the sink may see.
    """
    import duckdb

    with duckdb.connect() as connection:
        return list(_check(sink, folder, read, environ or {}, connection))


def _check(
    sink: Sink,
    folder: Path,
    read: Callable[[Path], Sequence[Sequence[object]]] | None,
    environ: Mapping[str, str],
    connection: DuckDBPyConnection,
) -> Iterator[str]:
    if not sink.suffixes and not sink.schemes:
        yield "it has neither suffixes nor schemes, so nothing finds it"
    whole = _relate(connection, ROWS)
    for suffix in sink.suffixes:
        if not suffix.startswith(".") or suffix != suffix.lower():
            yield f"{suffix!r} is not a suffix: use a dot and lower-case letters"
        for name, rows in (("full", ROWS), ("empty", ())):
            path = folder / f"{name}{suffix}"
            sink.write(SinkRequest(path, whole.limit(len(rows)), environ))
            if not path.is_file():
                yield f"it does not write {path.name}"
            elif read is not None:
                yield from _compare(read(path), rows, path.name)
        yield from _check_error(sink, folder / f"broken{suffix}", connection)
    expected = {f"{name}{suffix}" for name in ("full", "empty") for suffix in sink.suffixes}
    for path in sorted(folder.iterdir()):
        if path.name not in expected:
            yield f"it leaves {path.name}"


def _check_error(sink: Sink, path: Path, connection: DuckDBPyConnection) -> Iterator[str]:
    broken = connection.sql(
        "SELECT CASE WHEN i > 5000 THEN error('boom') ELSE i END AS a FROM range(6000) AS t (i)"
    )
    try:
        sink.write(SinkRequest(path, broken))
    except Exception:  # noqa: BLE001, S110 - any error shows that it is not swallowed
        pass
    else:
        yield f"it swallows an error of the rows of {path.name}"
    # What it has written by then is removed by bulkflow.
    path.unlink(missing_ok=True)


def _compare(
    found: Sequence[Sequence[object]], rows: Sequence[Sequence[object]], name: str
) -> Iterator[str]:
    header, *records = [tuple(each) for each in found] or [()]
    if header != COLUMNS:
        yield f"{name} has the columns {header}, and not {COLUMNS}"
    texts = [tuple("" if value is None else str(value) for value in row) for row in records]
    expected = [tuple("" if value is None else str(value) for value in row) for row in rows]
    if len(texts) != len(expected):
        yield f"{name} has {len(texts)} rows, and not {len(expected)}"
        return
    for number, (ours, theirs) in enumerate(zip(expected, texts, strict=True), 1):
        if ours != theirs:
            yield f"row {number} of {name} is {theirs}, and not {ours}"
            return


def _relate(
    connection: DuckDBPyConnection, rows: Sequence[Sequence[str | None]]
) -> DuckDBPyRelation:
    values = ", ".join(
        "(" + ", ".join("NULL" if each is None else quote_text(each) for each in row) + ")"
        for row in rows
    )
    names = ", ".join(quote_name(each) for each in COLUMNS)
    connection.execute(f"CREATE TABLE sample AS SELECT * FROM (VALUES {values}) AS t ({names})")  # noqa: S608
    return connection.table("sample")
