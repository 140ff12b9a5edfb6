"""Where rows of a checked file are: from the number of a row to its bytes and its line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from bulkflow_csv.scanning import bitset

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from io import FileIO

    from numpy.typing import NDArray

_BLOCK: Final = 1 << 20
_LF: Final = 10
_QUOTE: Final = 34


@attrs.frozen
class RowPlace:
    """Where a row is.

    Attributes:
        row: Its number, as it was asked for.
        start: Byte offset in the file of its first byte.
        end: Byte offset behind its line end.
        line: The physical line, from 1, that it begins in.
    """

    row: int
    start: int
    end: int
    line: int


def locate(
    file: FileIO, rows: Sequence[int], *, start: int, end: int, line: int
) -> Iterator[RowPlace]:
    """Find rows of a stretch of a file, in which every quote must be where it belongs.

    What the stretch does not have is left out.

    Args:
        file: The file, open for unbuffered reading.
        rows: The numbers of the rows, from 0 for the first of the stretch, ascending.
        start: Byte offset of the stretch's first row.
        end: Byte offset behind its last.
        line: The physical line, from 1, of its first row.
    """
    wanted = np.asarray(rows, np.int64)
    ends = _Ends(start, line)
    file.seek(start)
    offset = start
    while offset < end and len(wanted):
        block = file.read(min(_BLOCK, end - offset))
        if not block:
            return
        found = int(np.searchsorted(wanted, ends.read(block)))
        yield from ends.places(wanted[:found])
        wanted = wanted[found:]
        offset += len(block)
    # The last row may have no line end.
    if len(wanted) and wanted[0] == ends.rows and ends.begins < offset:
        yield RowPlace(int(wanted[0]), ends.begins, offset, ends.line)


class _Ends:
    """The ends of records, block after block; `rows` have ended, the next one `begins` there."""

    def __init__(self, start: int, line: int) -> None:
        self.rows = 0
        self.begins = start
        self.line = line
        self._offset = start
        self._quoted = 0
        self._lines = line
        """The line of the byte behind the last block."""
        self._first = 0
        self._starts: NDArray[np.int64] = np.empty(0, np.int64)
        self._row_lines: NDArray[np.int64] = self._starts

    def read(self, block: bytes) -> int:
        """Take the next block; returns how many records have ended by its end."""
        data = np.frombuffer(block + bytes(-len(block) % 64), np.uint8)
        quotes = np.packbits(data == _QUOTE, bitorder="little").view(np.uint64)
        feeds = np.packbits(data == _LF, bitorder="little").view(np.uint64)
        inside, self._quoted = bitset.between(
            quotes, np.empty(len(quotes) + 1, np.uint64), self._quoted
        )
        breaks = bitset.positions(feeds)
        ends = bitset.positions(feeds & ~inside)
        self._first = self.rows
        self._starts = np.concatenate(([self.begins], self._offset + ends + 1))
        behind = self._lines + np.searchsorted(breaks, ends, side="right")
        self._row_lines = np.concatenate(([self.line], behind))
        self.rows += len(ends)
        self.begins = int(self._starts[-1])
        self.line = int(self._row_lines[-1])
        self._lines += len(breaks)
        self._offset += len(block)
        return self.rows

    def places(self, rows: NDArray[np.int64]) -> Iterator[RowPlace]:
        """The places of rows that have ended in the block."""
        at = rows - self._first
        columns = (rows, self._starts[at], self._starts[at + 1], self._row_lines[at])
        for row, start, end, line in zip(*(each.tolist() for each in columns), strict=True):
            yield RowPlace(row, start, end, line)
