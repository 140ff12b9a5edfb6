"""Rules for every source, checked by opening it."""

from __future__ import annotations

import gc
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from bulkflow.errors import BulkflowError, DataError, PluginError, RunInterruptedError
from bulkflow.plugin.messages import (
    SourceBytes,
    SourceFile,
    SourceRequest,
    SourceRows,
    SourceTable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow.plugin.messages import SourceData
    from bulkflow.plugin.records import Source

_SHORTEST_SECRET = 8
_MOST_ROWS = 10_000


def check_source(
    source: Source, request: SourceRequest, *, missing: str | None = None
) -> list[str]:
    """Check a source; returns one sentence per fault, none for a good source.

    Checks that it gives data of the right types, the same at each opening and in the same order;
    that the columns are the same when only they are asked for; that each row has a value for each
    column; that no name shows a secret; that an interruption passes; and that no file stays open.

    Args:
        source: The source.
        request: What to open; there are data at its location. At most 10,000 rows are compared.
        missing: A location where there is nothing; opening it must raise `DataError`.
    """
    return list(_check(source, request, missing))


def _check(source: Source, request: SourceRequest, missing: str | None) -> Iterator[str]:
    before = _list_open_files()
    try:
        first = _read(source, request)
    except BulkflowError as error:
        yield f"it cannot be opened: {error.message}"
        return
    if not first:
        yield "it gives no data, and does not raise DataError"
        return
    for each in first:
        yield from _check_data(each, request)
    if any(each.kind is not SourceBytes for each in first):
        if _read(source, request) != first:
            yield "it gives other data when it is opened again"
        columns = [each.columns for each in _read(source, evolve(request, only_columns=True))]
        if columns != [each.columns for each in first]:
            yield "it has other columns when only the columns are asked for"
    yield from _check_interruption(source, request)
    if missing is not None:
        yield from _check_missing(source, request, missing)
    gc.collect()
    for name in sorted(_list_open_files() - before):
        yield f"it leaves a file open: {name}"


@frozen
class _Data:
    """What one opening gave."""

    kind: type
    name: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[object, ...], ...] = field(default=(), repr=False)


def _read(source: Source, request: SourceRequest) -> list[_Data]:
    return [_copy(each, request) for each in source.open(request)]


def _copy(data: SourceData, request: SourceRequest) -> _Data:
    match data:
        case SourceRows():
            most = 0 if request.only_columns else _MOST_ROWS
            copied = tuple(tuple(row) for row in islice(data.rows, most))
            return _Data(SourceRows, data.name, tuple(data.columns), copied)
        case SourceTable():
            import duckdb

            with duckdb.connect() as connection:
                relation = data.relate(connection)
                limit = 0 if request.only_columns else _MOST_ROWS
                rows = relation.limit(limit).fetchall() if limit else []
                return _Data(SourceTable, data.name, tuple(relation.columns), tuple(rows))
        case SourceFile():
            start = (data.path.read_bytes(),) if data.path.is_file() else ()
            return _Data(SourceFile, data.name, (), (start,))
        case SourceBytes():
            return _Data(SourceBytes, data.name, (), ((data.stream.read(),),))
        case _:
            raise PluginError(f"it gives a {type(data).__name__}, which is not SourceData")


def _check_data(data: _Data, request: SourceRequest) -> Iterator[str]:
    if not data.name:
        yield "it gives data without a name"
    for variable, value in request.environ.items():
        if len(value) >= _SHORTEST_SECRET and value in data.name:
            yield f"its name shows the value of {variable}"
    lower = [each.lower() for each in data.columns]
    for name in sorted({each for each in lower if lower.count(each) > 1}):
        yield f"two of its columns are called {name}"
    if data.kind in {SourceRows, SourceTable} and not data.columns:
        yield "it has no columns"
    if data.kind is SourceFile and not data.rows[0]:
        yield f"there is no file at the path of {data.name}"
    for number, row in enumerate(data.rows, 1):
        if data.columns and len(row) != len(data.columns):
            yield f"row {number} has {len(row)} values for {len(data.columns)} columns"
            return


def _check_interruption(source: Source, request: SourceRequest) -> Iterator[str]:
    asked = False

    def interrupt() -> None:
        nonlocal asked
        asked = True
        raise RunInterruptedError("interrupted")

    try:
        _read(source, evolve(request, checkpoint=interrupt))
    except RunInterruptedError:
        return
    if asked:
        yield "it does not let RunInterruptedError pass"


def _check_missing(source: Source, request: SourceRequest, missing: str) -> Iterator[str]:
    try:
        _read(
            source,
            evolve(request, location=missing, path=request.folder / missing),
        )
    except DataError:
        return
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault of the source
        yield f"for {missing} it raises {type(error).__name__}, and not DataError: {error}"
        return
    yield f"for {missing}, where nothing is, it does not raise DataError"


def _list_open_files() -> set[str]:
    """List the open files and connections of the process, if the system shows them.

    Not its pipes: libraries keep some to wake their threads.
    """
    folder = Path("/proc/self/fd")
    if sys.platform != "linux" or not folder.is_dir():
        return set()
    found = set()
    for each in folder.iterdir():
        try:
            name = str(each.readlink())
        except OSError:
            continue
        if name.startswith(("/", "socket:")):
            found.add(name)
    return found
