"""Split the records of a file into parts, block by block."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from bulkflow_csv.errors import CsvError
from bulkflow_csv.part import PartRange
from bulkflow_csv.record import RecordPosition

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bulkflow_csv.digests import ScanDigests
    from bulkflow_csv.head import Head
    from bulkflow_csv.limits import PartLimit
    from bulkflow_csv.scanning.protocol import RowReader


class PartSplitter:
    """Splits a file into parts of complete records, and tracks the position of the records.

    A part is filled up to the limit. If parts should be equally large, it ends with the last record
    before the end of its share of the file.

    Args:
        head: The head of the file.
        limit: The maximum size of a part.
        digests: Computes the digest of each part; a block must be added to it before `split`.

    Attributes:
        position: The position after the last complete record.

    Raises:
        CsvError: The header alone fills a part.
    """

    def __init__(self, head: Head, limit: PartLimit, digests: ScanDigests) -> None:
        self._head = head
        self._digests = digests
        self._rows = limit.rows
        self._room = None if limit.bytes is None else limit.bytes - head.sent_header.size
        self._bytes = limit.bytes
        self._shares = limit.count_shares(head.end - head.start.offset, self._room)
        self._index = 0
        self._first = head.start
        self._line = head.start.line
        self.position = head.start
        if self._room is not None and self._room <= 0:
            raise CsvError(
                f"the header has {head.sent_header.size} bytes, so no row fits into a part of"
                f" {limit.bytes} bytes",
                name=head.source.name,
                offset=head.start.offset - head.header.size,
                line=1,
                record=0,
                help="increase the part size: `parts of SIZE`",
            )

    def split(self, offset: int, size: int, block: RowReader) -> Iterator[PartRange]:
        """Process the next block and yield the parts that are now complete.

        Args:
            offset: Byte offset of the block.
            size: Bytes of the block.
            block: The reader of the block; it must not read on before the iterator is exhausted.

        Raises:
            CsvError: A record does not fit into a part.
        """
        if self._is_full(offset + size, self.position.record + block.records):
            yield from self._split_block(offset, size, block)
        self._line += block.feeds
        if block.last >= 0:
            end = block.last + 1
            line = self._line - block.buffer.count(b"\n", end, size)
            self.position = RecordPosition(offset + end, line, self.position.record + block.records)
        self._digests.settle(self.position.offset)

    def finish(self) -> Iterator[PartRange]:
        """Yield the last part, if rows are left."""
        end = self._head.end
        if end > self._first.offset:
            # The last record may lack a line end.
            rest = int(end > self.position.offset)
            last = RecordPosition(end, self.position.line, self.position.record + rest)
            yield self._make_part(last)

    def _is_full(self, end: int, record: int) -> bool:
        """Return whether the part must end before byte `end` or before this record."""
        return end > self._find_target() or (
            self._rows is not None and record >= self._first.record + self._rows
        )

    def _find_target(self) -> int:
        """Return the maximum byte offset of the part's end if it has more than one record."""
        start, end = self._head.start.offset, self._head.end
        target = end
        if self._shares > 1:
            # Rounded, because parts start slightly before the boundaries of the shares.
            before = round((self._first.offset - start) * self._shares / (end - start))
            target = min(end, start + (end - start) * (before + 1) // self._shares)
        return min(target, self._find_limit())

    def _find_limit(self) -> int:
        """Return the maximum byte offset of the part's end."""
        return self._head.end if self._room is None else self._first.offset + self._room

    def _split_block(self, offset: int, size: int, block: RowReader) -> Iterator[PartRange]:
        record_ends = block.list_record_ends()
        # Thousands of parts may end in one block, so count each line feed only once.
        counted, line = 0, self._line
        while self._is_full(offset + size, self.position.record + len(record_ends)):
            fitting = self._count_fitting(record_ends, offset)
            end = offset + record_ends[fitting - 1] + 1 if fitting > 0 else self.position.offset
            if end <= self._first.offset:
                # A first record larger than its share is fine, unless it exceeds the limit.
                fitting = bisect_left(record_ends, self._first.offset - offset) + 1
                end = offset + (
                    record_ends[fitting - 1] + 1 if fitting <= len(record_ends) else size
                )
                if end > self._find_limit():
                    raise self._make_size_error()
                if fitting > len(record_ends):
                    return
            last = self.position
            if fitting > 0:
                line += block.buffer.count(b"\n", counted, end - offset)
                counted = end - offset
                last = RecordPosition(end, line, self.position.record + fitting)
            yield self._make_part(last)

    def _count_fitting(self, record_ends: Sequence[int], offset: int) -> int:
        """Count the records ending in the block at `offset` that fit into the part."""
        fitting = bisect_left(record_ends, self._find_target() - offset)
        if self._rows is not None:
            fitting = min(fitting, self._first.record + self._rows - self.position.record)
        return fitting

    def _make_part(self, end: RecordPosition) -> PartRange:
        first, self._first = self._first, end
        self._index += 1
        return PartRange(
            source=self._head.source,
            stamp=self._head.stamp,
            header=self._head.sent_header,
            index=self._index - 1,
            start=first.offset,
            end=end.offset,
            first_row=first.record,
            rows=end.record - first.record,
            first_line=first.line,
            digest=self._digests.finish_part(end.offset),
        )

    def _make_size_error(self) -> CsvError:
        first = self._head.to_stream_position(self._first)
        return CsvError(
            f"the record and the header do not fit into a part of {self._bytes} bytes",
            name=self._head.source.name,
            offset=first.offset,
            line=first.line,
            record=first.record,
            help="increase the part size with `parts of SIZE`, or shorten the record",
        )
