"""Scan a file: find its parts, and everything that Salesforce would reject.

All blocks are read into one buffer, so memory does not grow with the file, and rows never become
Python objects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow_csv.block_io import read_blocks, read_exactly
from bulkflow_csv.digests import ScanDigests
from bulkflow_csv.head import Head, read_head
from bulkflow_csv.limits import FormatLimits, PartLimit
from bulkflow_csv.scanning.protocol import RowFormat
from bulkflow_csv.scanning.select import select_backend
from bulkflow_csv.scanning.splitter import PartSplitter
from bulkflow_csv.validator import RecordValidator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow_csv.dialect import Dialect
    from bulkflow_csv.header import Header
    from bulkflow_csv.part import PartRange
    from bulkflow_csv.record import RecordPosition
    from bulkflow_csv.scanning.protocol import ReaderBackend
    from bulkflow_csv.source import ByteSource


@frozen
class Scan:
    """The result of scanning a valid file.

    Attributes:
        head: Its format and header.
        parts: Its parts; empty if it has no rows.
        digest: The digest of all its bytes, including the header.
    """

    head: Head
    parts: tuple[PartRange, ...]
    digest: str

    @property
    def source(self) -> ByteSource:
        """The file."""
        return self.head.source

    @property
    def dialect(self) -> Dialect:
        """Its format."""
        return self.head.dialect

    @property
    def header(self) -> Header:
        """The header that its parts are sent with."""
        return self.head.sent_header

    @property
    def notes(self) -> tuple[str, ...]:
        """Findings that need no action, one sentence each."""
        return self.head.notes

    @property
    def rows(self) -> int:
        """Data rows of all parts."""
        return sum(part.rows for part in self.parts)

    @property
    def size(self) -> int:
        """Bytes of all bodies."""
        return sum(part.size for part in self.parts)


def scan(
    source: ByteSource,
    *,
    limit: PartLimit | None = None,
    delimiter: str | None = None,
    line_ending: str | None = None,
    limits: FormatLimits | None = None,
    block_size: int | None = None,
    backend: ReaderBackend | None = None,
) -> Scan:
    """Scan a whole file and split it into parts.

    Args:
        source: The file.
        limit: The maximum size of a part; 100 MB if not given.
        delimiter: The delimiter that the user specified; None to detect it.
        line_ending: The line ending that the user specified, "LF" or "CRLF"; None to take that of
            the header.
        limits: The limits of the API for one file.
        block_size: Bytes of a block, a multiple of 64; the backend's own if not given.
        backend: Reads the blocks; the fastest if not given. All backends give the same results.

    Raises:
        CsvError: Salesforce would reject the file. The error has the position of the first problem.
    """
    head = read_head(source, delimiter=delimiter, line_ending=line_ending, limits=limits)
    return scan_rows(head, limit=limit, limits=limits, block_size=block_size, backend=backend)


def scan_rows(
    head: Head,
    *,
    limit: PartLimit | None = None,
    limits: FormatLimits | None = None,
    block_size: int | None = None,
    backend: ReaderBackend | None = None,
) -> Scan:
    """Scan the rows of a file whose head was read. See `iter_parts` for arguments and errors."""
    digests = ScanDigests(head.start.offset)
    parts = _iter_parts(head, limit, limits, block_size, backend, digests)
    return Scan(head, tuple(parts), digests.finish_file())


def iter_parts(
    head: Head,
    *,
    limit: PartLimit | None = None,
    limits: FormatLimits | None = None,
    block_size: int | None = None,
    backend: ReaderBackend | None = None,
) -> Iterator[PartRange]:
    """Scan the rows of a file and yield each part as soon as its end is known.

    A part that was yielded is valid; the bytes after it are not validated yet.

    Args:
        head: The head of the file, from `read_head`.
        limit: The maximum size of a part; 100 MB if not given.
        limits: The limits of the API for one file.
        block_size: Bytes of a block, a multiple of 64; the backend's own if not given.
        backend: Reads the blocks; the fastest if not given. All backends give the same results.

    Raises:
        CsvError: Salesforce would reject the file, or the file changed after its head was read.
            The error has the position of the first problem.
    """
    digests = ScanDigests(head.start.offset)
    yield from _iter_parts(head, limit, limits, block_size, backend, digests)


def _iter_parts(
    head: Head,
    limit: PartLimit | None,
    limits: FormatLimits | None,
    block_size: int | None,
    backend: ReaderBackend | None,
    digests: ScanDigests,
) -> Iterator[PartRange]:
    backend = backend or select_backend()
    limits = limits or FormatLimits()
    splitter = PartSplitter(head, limit or PartLimit(), digests)
    row_format = RowFormat(
        delimiter=head.dialect.delimiter,
        crlf=head.dialect.line_ending == "CRLF",
        columns=len(head.header.columns),
        start=head.start.offset,
        limits=limits,
    )
    reader = backend.make_row_reader(
        row_format, backend.block_size if block_size is None else block_size
    )
    view = memoryview(reader.buffer)
    undecided = False
    name, size = head.source.name, head.stamp.size
    with head.source.open() as file:
        head.source.check(file, head.stamp)
        for _, block in read_blocks(file, view, 0, head.start.offset, name=name):
            digests.add_outside(block)
        for offset, block in read_blocks(file, view, head.start.offset, head.end, name=name):
            reader.read(len(block))
            if reader.suspect or undecided:
                undecided = _validate(head, splitter.position, offset + len(block), limits)
            digests.add_block(block, offset)
            yield from splitter.split(offset, len(block), reader)
        for _, block in read_blocks(file, view, head.end, size, name=name):
            digests.add_outside(block)
        if splitter.position.offset < head.end:
            # Without a line end, the reader does not see the end of the last record.
            _validate(head, splitter.position, head.end, limits)
        head.source.check(file, head.stamp)
    yield from splitter.finish()


def _validate(head: Head, start: RecordPosition, end: int, limits: FormatLimits) -> bool:
    """Validate the records from `start` to byte `end` one by one.

    Returns:
        Whether they end inside a character and must be validated again with the next bytes.

    Raises:
        CsvError: A record contains an error.
    """
    data = bytearray(end - start.offset)
    with head.source.open() as file:
        file.seek(start.offset)
        read_exactly(file, memoryview(data), name=head.source.name)
    validator = RecordValidator(
        name=head.source.name,
        data=bytes(data),
        at=head.to_stream_position(start),
        delimiter=head.dialect.delimiter.encode(),
        line_end=head.dialect.line_end,
        columns=head.header.columns,
        limits=limits,
        final=end == head.end,
    )
    for _ in validator.read_records():
        pass
    return validator.undecided
