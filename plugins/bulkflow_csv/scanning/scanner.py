"""The pass over a file that finds its parts, and everything that Salesforce would refuse.

Blocks go through one buffer, so memory does not grow with the file, and rows never become Python
objects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from bulkflow_csv.block_io import blocks, fill
from bulkflow_csv.digests import PassDigests
from bulkflow_csv.head import Head, read_head
from bulkflow_csv.limits import FormatLimits, PartLimit
from bulkflow_csv.scanning.protocol import RowForm
from bulkflow_csv.scanning.select import fastest_readers
from bulkflow_csv.scanning.splitter import Cutter
from bulkflow_csv.validator import Walker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow_csv.dialect import Dialect
    from bulkflow_csv.header import Header
    from bulkflow_csv.part import PartRange
    from bulkflow_csv.record import Mark
    from bulkflow_csv.scanning.protocol import Readers
    from bulkflow_csv.source import ByteSource


@attrs.frozen
class Scan:
    """A whole file, seen to be fit for loading.

    Attributes:
        head: Its form and header.
        parts: The parts that it is loaded in; none if it has no rows.
        digest: The digest of all its bytes, the header included.
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
        """Its form."""
        return self.head.dialect

    @property
    def header(self) -> Header:
        """The columns that its parts are sent with."""
        return self.head.sent

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found and needs no action, one sentence each."""
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
    readers: Readers | None = None,
) -> Scan:
    """Read a whole file, and say how it is cut into parts.

    Args:
        source: The file.
        limit: How large a part may get; 100 MB if not given.
        delimiter: The column delimiter, one character, if the user names it; else detected.
        line_ending: "LF" or "CRLF", if the user names it; that of the header otherwise.
        limits: What the API takes of one file.
        block_size: Bytes of a block, a multiple of 64; what suits the readers if not given.
        readers: Who reads the blocks; the fastest if not given. All of them find the same.

    Raises:
        CsvError: The first thing that Salesforce would refuse, and its place.
    """
    head = read_head(source, delimiter=delimiter, line_ending=line_ending, limits=limits)
    return scan_rows(head, limit=limit, limits=limits, block_size=block_size, readers=readers)


def scan_rows(
    head: Head,
    *,
    limit: PartLimit | None = None,
    limits: FormatLimits | None = None,
    block_size: int | None = None,
    readers: Readers | None = None,
) -> Scan:
    """Read the rows of a file whose head was read; takes and raises what `iter_parts` does."""
    digests = PassDigests(head.start.offset)
    parts = _parts(head, limit, limits, block_size, readers, digests)
    return Scan(head, tuple(parts), digests.file())


def iter_parts(
    head: Head,
    *,
    limit: PartLimit | None = None,
    limits: FormatLimits | None = None,
    block_size: int | None = None,
    readers: Readers | None = None,
) -> Iterator[PartRange]:
    """Read the rows of a file, and give each part as soon as its end is known.

    All that a part holds has been checked when it is given, what follows it has not.

    Args:
        head: What `read_head` said of the file.
        limit: How large a part may get; 100 MB if not given.
        limits: What the API takes of one file.
        block_size: Bytes of a block, a multiple of 64; what suits the readers if not given.
        readers: Who reads the blocks; the fastest if not given. All of them find the same.

    Raises:
        CsvError: The first thing that Salesforce would refuse, and its place; or the file is not
            as it was when its head was read.
    """
    digests = PassDigests(head.start.offset)
    yield from _parts(head, limit, limits, block_size, readers, digests)


def _parts(
    head: Head,
    limit: PartLimit | None,
    limits: FormatLimits | None,
    block_size: int | None,
    readers: Readers | None,
    digests: PassDigests,
) -> Iterator[PartRange]:
    readers = readers or fastest_readers()
    limits = limits or FormatLimits()
    cutter = Cutter(head, limit or PartLimit(), digests)
    form = RowForm(
        delimiter=head.dialect.delimiter,
        crlf=head.dialect.line_ending == "CRLF",
        columns=len(head.header.columns),
        start=head.start.offset,
        limits=limits,
    )
    reader = readers.rows(form, readers.block_size if block_size is None else block_size)
    view = memoryview(reader.buffer)
    undecided = False
    name, size = head.source.name, head.stamp.size
    with head.source.open() as file:
        head.source.check(file, head.stamp)
        for _, block in blocks(file, view, 0, head.start.offset, name=name):
            digests.outside(block)
        for offset, block in blocks(file, view, head.start.offset, head.end, name=name):
            reader.read(len(block))
            if reader.suspect or undecided:
                undecided = _look_closely(head, cutter.mark, offset + len(block), limits)
            digests.take(block, offset)
            yield from cutter.take(offset, len(block), reader)
        for _, block in blocks(file, view, head.end, size, name=name):
            digests.outside(block)
        if cutter.mark.offset < head.end:
            # No line end comes to close the last record, so it is looked at by itself.
            _look_closely(head, cutter.mark, head.end, limits)
        head.source.check(file, head.stamp)
    yield from cutter.finish()


def _look_closely(head: Head, mark: Mark, end: int, limits: FormatLimits) -> bool:
    """Read the records from `mark` to byte `end` one by one.

    Returns:
        Whether they end inside a character, so that they must be read again with the next bytes.

    Raises:
        CsvError: There is a fault in them.
    """
    data = bytearray(end - mark.offset)
    with head.source.open() as file:
        file.seek(mark.offset)
        fill(file, memoryview(data), name=head.source.name)
    walker = Walker(
        name=head.source.name,
        data=bytes(data),
        at=head.told(mark),
        delimiter=head.dialect.delimiter.encode(),
        line_end=head.dialect.line_end,
        columns=head.header.columns,
        limits=limits,
        final=end == head.end,
    )
    for _ in walker.records():
        pass
    return walker.undecided
