"""Reads Arrow files (IPC and Feather) with pyarrow, or with polars where only that is installed.

Not with nanoarrow: its 0.9 reads compressed files, which Feather files are, as if they were not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from bulkflow.errors import DataError
from bulkflow.plugin import RowPlaces, SourceTable
from bulkflow_formats.content import check_content
from bulkflow_formats.extras import is_installed, load_library

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from duckdb import DuckDBPyConnection, DuckDBPyRelation

    from bulkflow.plugin import ArrowStream, SourceData, SourceRequest

FILE_MARK: Final = b"ARROW1"
_MARKS: Final = (FILE_MARK, b"\xff\xff\xff\xff")
"""Of files, and of streams."""


def open_arrow(request: SourceRequest) -> Iterator[SourceData]:
    """Yield the rows of an Arrow file or stream, typed, batch by batch."""
    path, name = request.path, request.location
    check_content(path, name, "an Arrow file", lambda start: start.startswith(_MARKS))
    # Before DuckDB asks for the rows, so that the message is about the library.
    if is_installed("pyarrow") or not is_installed("polars"):
        load_library("pyarrow", extra="arrow", reads="Arrow files", place=name)

    def relate(connection: DuckDBPyConnection) -> DuckDBPyRelation:
        return connection.from_arrow(_open_batches(path, name))

    yield SourceTable(name, relate, places=RowPlaces("row"))


def _open_batches(path: Path, name: str) -> ArrowStream:
    with path.open("rb") as file:
        start = file.read(len(FILE_MARK))
    try:
        if is_installed("pyarrow"):
            return _open_with_pyarrow(path, in_file=start == FILE_MARK)
        return _open_with_polars(path, in_file=start == FILE_MARK)
    except (OSError, ValueError) as error:
        raise _make_damage_error(name, error) from error
    except Exception as error:
        # polars has its own errors, which have no base class in the standard library.
        if type(error).__module__.partition(".")[0] != "polars":
            raise
        raise _make_damage_error(name, error) from error


def _open_with_pyarrow(path: Path, *, in_file: bool) -> ArrowStream:
    import pyarrow as pa
    from pyarrow import ipc

    source = pa.memory_map(str(path))
    if not in_file:
        return cast("ArrowStream", ipc.open_stream(source))
    file = ipc.open_file(source)
    batches = (file.get_batch(index) for index in range(file.num_record_batches))
    return cast("ArrowStream", pa.RecordBatchReader.from_batches(file.schema, batches))


def _open_with_polars(path: Path, *, in_file: bool) -> ArrowStream:
    import polars as pl

    read: Any = pl.read_ipc if in_file else pl.read_ipc_stream
    return cast("ArrowStream", read(path))


def _make_damage_error(name: str, error: Exception) -> DataError:
    return DataError(
        "the file is not a complete Arrow file",
        place=name,
        help="check that it was written completely, and that its name says its format",
        notes=[str(error).splitlines()[0][:300]] if str(error) else [],
    )
