"""A stream that can be read once only, as files of whole records that come one after the other.

Each file is a CSV file by itself: the stream's header, and the next stretch of its rows. Whoever
takes a file may remove it before taking the next, so that a stream of any length needs little room.
Places are told as of the stream.
"""

from __future__ import annotations

import gzip
import os
import tempfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import attrs

from bulkflow_csv.errors import CsvError
from bulkflow_csv.head import Head, data_end, read_head
from bulkflow_csv.limits import PART_BYTES, PartLimit
from bulkflow_csv.record import Mark
from bulkflow_csv.scanning.scanner import Scan, scan_rows
from bulkflow_csv.scanning.select import fastest_readers
from bulkflow_csv.source import ByteSource, not_copied, not_gzip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import FileIO

    from bulkflow_csv.limits import FormatLimits

LEAST_BYTES: Final = 16_000_000
"""A window is not smaller: the longest record that Salesforce takes must end in it."""

_BLOCK: Final = 1 << 20


def windows(
    stream: BinaryIO,
    directory: Path,
    *,
    name: str,
    gzipped: bool = False,
    limit: PartLimit | None = None,
    delimiter: str | None = None,
    line_ending: str | None = None,
    limits: FormatLimits | None = None,
    least: int = LEAST_BYTES,
    named: Callable[[Head], Head] | None = None,
) -> Iterator[Scan]:
    """Read a stream to its end, a window at a time; all that a window holds has been checked.

    Args:
        stream: Where the bytes come from; not closed.
        directory: An existing folder for the windows; only their owner may read them.
        name: What the user calls the stream.
        gzipped: The stream is gzip; the windows are not.
        limit: How large a part may get; a window holds about as much. 100 MB if not given.
        delimiter: The column delimiter, one character, if the user names it; else detected.
        line_ending: "LF" or "CRLF", if the user names it; that of the header otherwise.
        limits: What the API takes of one file.
        least: Bytes that a window has at least, unless the stream ends.
        named: Gives the stream's columns other names, as `renamed` does; called for each window.

    Raises:
        CsvError: The first thing that Salesforce would refuse, and its place in the stream; the
            stream breaks off, or is not the gzip that it should be; or a window cannot be written.
            The window at fault is removed.
    """
    limit = limit or PartLimit()
    reader = _Reader(gzip.GzipFile(fileobj=stream) if gzipped else stream, name)
    size = max(least, limit.bytes or PART_BYTES)
    first: Head | None = None
    before = Mark(0, 0, 0)

    def read(source: ByteSource) -> Scan:
        head = read_head(
            source,
            delimiter=delimiter if first is None else first.dialect.delimiter,
            line_ending=line_ending if first is None else first.dialect.line_ending,
            limits=limits,
        )
        head = _told(head, first, before)
        return scan_rows(head if named is None else named(head), limit=limit, limits=limits)

    while not reader.at_end:
        header = b"" if first is None else first.header.raw
        source = _write(reader, directory, header, size - len(header))
        try:
            scanned = read(source)
            if not scanned.parts and not reader.at_end:
                # No record ends in all that: the fault shows when it is read as it stands.
                reader.put_back(source)
                raise _blank(read(source).head)
        except BaseException:
            source.path.unlink(missing_ok=True)
            raise
        if first is not None and not scanned.parts:
            source.path.unlink(missing_ok=True)
            return
        before = _behind(scanned, before, feeds=reader.feeds)
        first = first or scanned.head
        yield scanned


@attrs.define(eq=False)
class _Reader:
    """A stream that gives whole records.

    Attributes:
        feeds: Line feeds in the records of the last window.
        at_end: Nothing is left.
    """

    stream: BinaryIO | gzip.GzipFile
    name: str
    feeds: int = 0
    at_end: bool = False
    _rest: bytes = b""

    def fill(self, file: FileIO, size: int) -> None:
        """Write the next records to a file, about `size` bytes; at least one, if it is so short.

        Raises:
            CsvError: The stream breaks off, or is not the gzip that it should be.
        """
        start = file.tell()
        readers = fastest_readers()
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
            quotes += readers.count(block, b'"')
            feeds += readers.count(block, b"\n")
            block = b""
        if not self.at_end:
            end = max(start, data_end(file, _boundary(file, start, start + written, quotes)))
            if end > start:
                file.seek(end)
                self._rest = file.read()
                file.truncate(end)
                feeds -= self._rest.count(b"\n")
        self.feeds = feeds

    def put_back(self, source: ByteSource) -> None:
        """Write what follows the last window behind it."""
        with source.path.open("ab", buffering=0) as file:
            _write_all(file, self._rest)
        self._rest = b""

    def _read(self, size: int) -> bytes:
        try:
            return self.stream.read(size)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise not_gzip(self.name, error) from error


def _write(reader: _Reader, directory: Path, header: bytes, size: int) -> ByteSource:
    path: Path | None = None
    try:
        handle, copy = tempfile.mkstemp(prefix="window-", suffix=".csv", dir=directory)
        path = Path(copy)
        with os.fdopen(handle, "w+b", buffering=0) as file:
            _write_all(file, header)
            reader.fill(file, size)
    except BaseException as error:
        if path is not None:
            with suppress(OSError):
                path.unlink()
        if isinstance(error, OSError):
            raise not_copied(reader.name, error) from error
        raise
    return ByteSource(reader.name, path, spooled=True)


def _write_all(file: FileIO, block: bytes) -> None:
    view = memoryview(block)
    while view:
        view = view[file.write(view) :]


def _boundary(file: FileIO, start: int, end: int, quotes: int) -> int:
    """Where the last record ends that is whole, of those between two offsets; `start` if none is.

    Args:
        file: The window.
        start: Byte offset of the first record.
        end: Byte offset behind the last byte.
        quotes: How many quotes there are between the two.
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


def _behind(scanned: Scan, before: Mark, *, feeds: int) -> Mark:
    """Where the stream goes on behind a window; `record` is how many rows have gone before."""
    size, rows = scanned.head.stamp.size, before.record + scanned.rows
    if not before.offset:
        return Mark(size, 1 + feeds, rows)
    return Mark(before.offset + size - scanned.head.header.size, before.line + feeds, rows)


def _told(head: Head, first: Head | None, before: Mark) -> Head:
    """The head of a window, with the places of the stream."""
    if first is None:
        return head
    return attrs.evolve(
        head,
        dialect=first.dialect,
        start=Mark(head.start.offset, before.line, before.record + 1),
        skipped=before.offset - head.start.offset,
    )


def _blank(head: Head) -> CsvError:
    return CsvError(
        "there are blank lines between the records, or nothing but them",
        name=head.source.name,
        offset=head.start.offset + head.skipped,
        line=head.start.line,
        record=head.start.record,
        help="remove the lines; only blank lines at the very end are left out",
    )
