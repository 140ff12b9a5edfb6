"""Cutting the records of a file into parts, block by block."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from bulkflow_csv.errors import CsvError
from bulkflow_csv.part import PartRange
from bulkflow_csv.record import Mark

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bulkflow_csv.digests import PassDigests
    from bulkflow_csv.head import Head
    from bulkflow_csv.limits import PartLimit
    from bulkflow_csv.scanning.protocol import BlockReader


class Cutter:
    """Makes parts of whole records, and knows where the records stand.

    Each part is filled up to the limit; or, where they are to be alike, to the border of its share
    of the file, as well as a record's end can be.

    Args:
        head: What is known of the file.
        limit: How large a part may get.
        digests: Told where each part ends; it has taken the block when `take` is called.

    Attributes:
        mark: The place behind the last whole record seen.

    Raises:
        CsvError: The header alone fills a part.
    """

    def __init__(self, head: Head, limit: PartLimit, digests: PassDigests) -> None:
        self._head = head
        self._digests = digests
        self._rows = limit.rows
        self._room = None if limit.bytes is None else limit.bytes - head.sent.size
        self._bytes = limit.bytes
        self._shares = limit.shares(head.end - head.start.offset, self._room)
        self._index = 0
        self._first = head.start
        self._line = head.start.line
        self.mark = head.start
        if self._room is not None and self._room <= 0:
            raise CsvError(
                f"the header has {head.sent.size} bytes, so no row fits into a part of"
                f" {limit.bytes} bytes",
                name=head.source.name,
                offset=head.start.offset - head.header.size,
                line=1,
                record=0,
                help="allow larger parts",
            )

    def take(self, offset: int, size: int, block: BlockReader) -> Iterator[PartRange]:
        """Take the next block, and give the parts whose end is known now.

        Args:
            offset: Byte offset of the block.
            size: Its bytes.
            block: What was found in it, as long as parts are asked for.

        Raises:
            CsvError: A record does not fit into a part.
        """
        if self._is_full(offset + size, self.mark.record + block.records):
            yield from self._cut(offset, size, block)
        self._line += block.feeds
        if block.last >= 0:
            behind = block.last + 1
            line = self._line - block.buffer.count(b"\n", behind, size)
            self.mark = Mark(offset + behind, line, self.mark.record + block.records)
        self._digests.settle(self.mark.offset)

    def finish(self) -> Iterator[PartRange]:
        """Give the last part, if any rows are left for it."""
        end = self._head.end
        if end > self._first.offset:
            # The last record may have no line end.
            rest = int(end > self.mark.offset)
            yield self._part(Mark(end, self.mark.line, self.mark.record + rest))

    def _is_full(self, end: int, record: int) -> bool:
        """Whether the part ends before byte `end`, or at the latest with the record before."""
        return end > self._border() or (
            self._rows is not None and record >= self._first.record + self._rows
        )

    def _border(self) -> int:
        """The byte offset that the part's end is not behind, if it holds more than one record."""
        start, end = self._head.start.offset, self._head.end
        border = end
        if self._shares > 1:
            # Rounded, as parts begin a little before the borders of shares.
            before = round((self._first.offset - start) * self._shares / (end - start))
            border = min(end, start + (end - start) * (before + 1) // self._shares)
        return min(border, self._most())

    def _most(self) -> int:
        """The byte offset that the part's end is not behind in any case."""
        return self._head.end if self._room is None else self._first.offset + self._room

    def _cut(self, offset: int, size: int, block: BlockReader) -> Iterator[PartRange]:
        places = block.places()
        # Thousands of parts may end in one block, so no line feed of it is counted twice.
        counted, line = 0, self._line
        while self._is_full(offset + size, self.mark.record + len(places)):
            fitting = self._fitting(places, offset)
            end = offset + places[fitting - 1] + 1 if fitting > 0 else self.mark.offset
            if end <= self._first.offset:
                # The first record is larger than its share, which only the limit forbids.
                fitting = bisect_left(places, self._first.offset - offset) + 1
                end = offset + (places[fitting - 1] + 1 if fitting <= len(places) else size)
                if end > self._most():
                    raise self._oversize()
                if fitting > len(places):
                    return
            behind = self.mark
            if fitting > 0:
                line += block.buffer.count(b"\n", counted, end - offset)
                counted = end - offset
                behind = Mark(end, line, self.mark.record + fitting)
            yield self._part(behind)

    def _fitting(self, places: Sequence[int], offset: int) -> int:
        """How many of the records that end in the block at `offset` the part can take."""
        fitting = bisect_left(places, self._border() - offset)
        if self._rows is not None:
            fitting = min(fitting, self._first.record + self._rows - self.mark.record)
        return fitting

    def _part(self, behind: Mark) -> PartRange:
        first, self._first = self._first, behind
        self._index += 1
        return PartRange(
            source=self._head.source,
            stamp=self._head.stamp,
            header=self._head.sent,
            index=self._index - 1,
            start=first.offset,
            end=behind.offset,
            first_row=first.record,
            rows=behind.record - first.record,
            first_line=first.line,
            digest=self._digests.cut(behind.offset),
        )

    def _oversize(self) -> CsvError:
        first = self._head.told(self._first)
        return CsvError(
            f"the record and the header do not fit into a part of {self._bytes} bytes",
            name=self._head.source.name,
            offset=first.offset,
            line=first.line,
            record=first.record,
            help="allow larger parts, or shorten the record",
        )
