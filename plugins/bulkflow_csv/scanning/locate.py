"""Find the byte range and line of rows, given their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from attrs import frozen

from bulkflow_csv.scanning import bitset

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from io import FileIO

    from numpy.typing import NDArray

_BLOCK: Final = 1 << 20
_LF: Final = 10
_QUOTE: Final = 34


@frozen
class RowLocation:
    """The location of a row in a file.

    Attributes:
        row: The requested row number.
        start: Byte offset of its first byte.
        end: Byte offset after its line end.
        line: Physical line where it starts, from 1.
    """

    row: int
    start: int
    end: int
    line: int


def locate(
    file: FileIO, rows: Sequence[int], *, start: int, end: int, line: int
) -> Iterator[RowLocation]:
    """Locate rows in a range of a file. The file must have been validated.

    Row numbers beyond the end of the range are ignored.

    Args:
        file: The file, open for unbuffered reading.
        rows: The row numbers in ascending order, from 0 for the first row of the range.
        start: Byte offset of the first row of the range.
        end: Byte offset after the last row.
        line: Physical line of the first row, from 1.
    """
    wanted = np.asarray(rows, np.int64)
    ends = _RecordEnds(start, line)
    file.seek(start)
    offset = start
    while offset < end and len(wanted):
        block = file.read(min(_BLOCK, end - offset))
        if not block:
            return
        found = int(np.searchsorted(wanted, ends.read(block)))
        yield from ends.locate(wanted[:found])
        wanted = wanted[found:]
        offset += len(block)
    # The last row may lack a line end.
    if len(wanted) and wanted[0] == ends.rows and ends.start < offset:
        yield RowLocation(int(wanted[0]), ends.start, offset, ends.line)


class _RecordEnds:
    """Finds record ends block by block.

    Attributes:
        rows: The number of rows that have ended so far.
        start: Byte offset of the next row.
        line: Physical line of the next row.
    """

    def __init__(self, start: int, line: int) -> None:
        self.rows = 0
        self.start = start
        self.line = line
        self._offset = start
        self._quoted = 0
        self._lines = line
        """The line of the byte after the last block."""
        self._first = 0
        self._starts: NDArray[np.int64] = np.empty(0, np.int64)
        self._row_lines: NDArray[np.int64] = self._starts

    def read(self, block: bytes) -> int:
        """Read the next block and return the number of rows that have ended so far."""
        data = np.frombuffer(block + bytes(-len(block) % 64), np.uint8)
        quotes = np.packbits(data == _QUOTE, bitorder="little").view(np.uint64)
        feeds = np.packbits(data == _LF, bitorder="little").view(np.uint64)
        inside, self._quoted = bitset.fill_between(
            quotes, np.empty(len(quotes) + 1, np.uint64), self._quoted
        )
        breaks = bitset.list_positions(feeds)
        ends = bitset.list_positions(feeds & ~inside)
        self._first = self.rows
        self._starts = np.concatenate(([self.start], self._offset + ends + 1))
        next_lines = self._lines + np.searchsorted(breaks, ends, side="right")
        self._row_lines = np.concatenate(([self.line], next_lines))
        self.rows += len(ends)
        self.start = int(self._starts[-1])
        self.line = int(self._row_lines[-1])
        self._lines += len(breaks)
        self._offset += len(block)
        return self.rows

    def locate(self, rows: NDArray[np.int64]) -> Iterator[RowLocation]:
        """Locate rows that ended in the last block."""
        at = rows - self._first
        columns = (rows, self._starts[at], self._starts[at + 1], self._row_lines[at])
        for row, start, end, line in zip(*(each.tolist() for each in columns), strict=True):
            yield RowLocation(row, start, end, line)
