"""Split a stream that can be read only once into files of complete records ("windows").

Each window is a CSV file: the header of the stream and its next rows. The caller can remove a
window before requesting the next, so a stream of any length needs little disk space. Positions in
errors and parts count from the start of the stream.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from attrs import define, evolve

from bulkflow_csv.compression import convert_damage
from bulkflow_csv.errors import CsvError
from bulkflow_csv.head import Head, find_data_end, read_head
from bulkflow_csv.limits import PART_BYTES, PartLimit
from bulkflow_csv.record import RecordPosition
from bulkflow_csv.scanning.scanner import Scan, scan_rows
from bulkflow_csv.scanning.select import select_backend
from bulkflow_csv.source import ByteSource, make_copy_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import FileIO

    from bulkflow_csv.compression import Compression
    from bulkflow_csv.limits import FormatLimits

LEAST_BYTES: Final = 16_000_000
"""The minimum size of a window: the longest record that Salesforce accepts must fit."""

_BLOCK: Final = 1 << 20


def read_windows(
    stream: BinaryIO,
    directory: Path,
    *,
    name: str,
    compression: Compression | None = None,
    limit: PartLimit | None = None,
    delimiter: str | None = None,
    line_ending: str | None = None,
    limits: FormatLimits | None = None,
    least: int = LEAST_BYTES,
    rename: Callable[[Head], Head] | None = None,
) -> Iterator[Scan]:
    """Read a stream to its end, one validated window at a time.

    Args:
        stream: The stream; not closed.
        directory: An existing folder for the windows, which only their owner can read.
        name: The name of the stream that the user knows.
        compression: How to decompress the stream; None to read it as it is.
        limit: The maximum size of a part, which is also the approximate size of a window; 100 MB if
            not given.
        delimiter: The delimiter that the user specified; None to detect it.
        line_ending: The line ending that the user specified, "LF" or "CRLF"; None to take that of
            the header.
        limits: The limits of the API for one file.
        least: The minimum bytes of a window that is not the last.
        rename: Renames the columns, as `rename_columns` does; called for each window.

    Yields:
        The scan of each window.

    Raises:
        CsvError: Salesforce would reject the data, with the position of the first error in the
            stream; the stream fails or is not compressed although it should be; or a window cannot
            be written. The window with the error is removed.
    """
    limit = limit or PartLimit()
    plain = stream if compression is None else compression.open(stream)
    reader = _RecordStream(plain, name, compression)
    size = max(least, limit.bytes or PART_BYTES)
    first: Head | None = None
    before = RecordPosition(0, 0, 0)

    def read(source: ByteSource) -> Scan:
        head = read_head(
            source,
            delimiter=delimiter if first is None else first.dialect.delimiter,
            line_ending=line_ending if first is None else first.dialect.line_ending,
            limits=limits,
        )
        head = _shift_head(head, first, before)
        return scan_rows(head if rename is None else rename(head), limit=limit, limits=limits)

    while not reader.at_end:
        header = b"" if first is None else first.header.raw
        source = _write_window(reader, directory, header, size - len(header))
        try:
            scanned = read(source)
            if not scanned.parts and not reader.at_end:
                # No record ends in the window. Read it with the rest to find the error.
                reader.append_rest(source)
                raise _make_blank_error(read(source).head)
        except BaseException:
            source.path.unlink(missing_ok=True)
            raise
        if first is not None and not scanned.parts:
            source.path.unlink(missing_ok=True)
            return
        before = _advance(scanned, before, feeds=reader.feeds)
        first = first or scanned.head
        yield scanned


@define(eq=False)
class _RecordStream:
    """Reads complete records from a stream.

    Attributes:
        feeds: Line feeds in the records of the last window.
        at_end: Whether the stream is exhausted.
    """

    stream: BinaryIO
    name: str
    compression: Compression | None = None
    feeds: int = 0
    at_end: bool = False
    _rest: bytes = b""

    def copy_records(self, file: FileIO, size: int) -> None:
        """Write the next complete records to a file, about `size` bytes.

        If the first record is longer, the file ends inside it.

        Raises:
            CsvError: The stream fails, or is not compressed although it should be.
        """
        start = file.tell()
        backend = select_backend()
        quotes = feeds = written = 0
        block = self._rest
        self._rest = b""
        while written < size:
            block = block or self._read(min(_BLOCK, size - written))
            if not block:
                self.at_end = True
                break
            _write_all(file, block)
            written += len(block)
            quotes += backend.count_byte(block, b'"')
            feeds += backend.count_byte(block, b"\n")
            block = b""
        if not self.at_end:
            record_end = _find_last_record_end(file, start, start + written, quotes)
            end = max(start, find_data_end(file, record_end))
            if end > start:
                file.seek(end)
                self._rest = file.read()
                file.truncate(end)
                feeds -= self._rest.count(b"\n")
        self.feeds = feeds

    def append_rest(self, source: ByteSource) -> None:
        """Append the buffered bytes that follow the last window to it."""
        with source.path.open("ab", buffering=0) as file:
            _write_all(file, self._rest)
        self._rest = b""

    def _read(self, size: int) -> bytes:
        with convert_damage(self.name, self.compression):
            return self.stream.read(size)


def _write_window(reader: _RecordStream, directory: Path, header: bytes, size: int) -> ByteSource:
    path: Path | None = None
    try:
        handle, copy = tempfile.mkstemp(prefix="window-", suffix=".csv", dir=directory)
        path = Path(copy)
        with os.fdopen(handle, "w+b", buffering=0) as file:
            _write_all(file, header)
            reader.copy_records(file, size)
    except BaseException as error:
        if path is not None:
            with suppress(OSError):
                path.unlink()
        if isinstance(error, OSError):
            raise make_copy_error(reader.name, error) from error
        raise
    return ByteSource(reader.name, path, spooled=True)


def _write_all(file: FileIO, block: bytes) -> None:
    view = memoryview(block)
    while view:
        view = view[file.write(view) :]


def _find_last_record_end(file: FileIO, start: int, end: int, quotes: int) -> int:
    """Find the end of the last complete record between two offsets; `start` if there is none.

    Args:
        file: The window.
        start: Byte offset of the first record.
        end: Byte offset after the last byte.
        quotes: The number of quotes between the two.
    """
    within = quotes % 2
    while end > start:
        at = max(start, end - _BLOCK)
        file.seek(at)
        block = file.read(end - at)
        stop = len(block)
        while (feed := block.rfind(b"\n", 0, stop)) >= 0:
            within ^= block.count(b'"', feed, stop) % 2
            if not within:
                return at + feed + 1
            stop = feed
        within ^= block.count(b'"', 0, stop) % 2
        end = at
    return start


def _advance(scanned: Scan, before: RecordPosition, *, feeds: int) -> RecordPosition:
    """Return the position in the stream after a window; `record` is the number of rows so far."""
    size, rows = scanned.head.stamp.size, before.record + scanned.rows
    if not before.offset:
        return RecordPosition(size, 1 + feeds, rows)
    return RecordPosition(
        before.offset + size - scanned.head.header.size, before.line + feeds, rows
    )


def _shift_head(head: Head, first: Head | None, before: RecordPosition) -> Head:
    """Return the head of a window with positions that count from the start of the stream."""
    if first is None:
        return head
    return evolve(
        head,
        dialect=first.dialect,
        start=RecordPosition(head.start.offset, before.line, before.record + 1),
        stream_shift=before.offset - head.start.offset,
    )


def _make_blank_error(head: Head) -> CsvError:
    return CsvError(
        "there are blank lines between the records, or only blank lines",
        name=head.source.name,
        offset=head.start.offset + head.stream_shift,
        line=head.start.line,
        record=head.start.record,
        help="remove the lines; only blank lines at the end of the data are ignored",
    )
