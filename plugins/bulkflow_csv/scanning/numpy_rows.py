"""The fast scan with numpy: find record ends, and detect whether a block may contain an error.

A block is converted to sets of positions (quotes, delimiters, line feeds), and every check handles
all positions together. The parity of the quotes determines which bytes are inside a quoted value,
which is correct up to the first error. `suspect` says that there may be an error, but not where.
It may be a false alarm, but it never misses an error; the validator decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from bulkflow_csv.scanning import bitset
from bulkflow_csv.scanning.numpy_ends import NumpyEndReader
from bulkflow_csv.scanning.utf8 import Utf8Check

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bulkflow_csv.scanning.protocol import RowFormat

_CR: Final = 13
_NONE: Final = np.uint64(0)
_ONE: Final = np.uint64(1)


class NumpyRowReader:
    """A `RowReader`.

    Args:
        row_format: The format of the rows.
        block_size: Bytes of a block, a multiple of 64; every block but the last must be full.

    Attributes:
        buffer: The buffer that the caller fills before `read`.
        records: Number of records that end in the block.
        feeds: Number of line feeds in the block, including those in quoted values.
        last: Position of the last line feed that ends a record; -1 if there is none.
        suspect: Whether there may be an error in the block, or in the bytes before it.
    """

    def __init__(self, row_format: RowFormat, block_size: int) -> None:
        self._found: Final = NumpyEndReader(block_size)
        self.buffer: Final = self._found.buffer
        self._text: Final = Utf8Check(self._found.bytes, self._found.scratch)
        self._delimiter: Final = ord(row_format.delimiter)
        self._crlf: Final = row_format.crlf
        self._delimiters: Final = row_format.columns - 1
        self._limits: Final = row_format.limits
        # A value above the limit covers at least one whole chunk in which no value ends.
        self._chunk: Final = max(1, row_format.limits.field // 128)
        self._offset = row_format.start
        self._last_end = row_format.start
        self._last_separator = row_format.start - 1
        self._floor = row_format.start
        self._after_quote = 0
        self._after_bare = 0
        self._after_cr = 0
        self._open_delimiters = 0
        self._held: NDArray[np.intp] = np.empty(0, np.intp)
        self._ends: bitset.Words = np.empty(0, np.uint64)
        self.records = 0
        self.feeds = 0
        self.last = -1
        self.suspect = False

    def read(self, size: int) -> None:
        """Read the first `size` bytes of the buffer as the next block."""
        self._found.read(size)
        outside, ends = self._found.outside, self._found.ends
        self._ends = ends
        self._held = np.flatnonzero(ends != _NONE)
        self.feeds = bitset.count(self._found.feeds)
        self.last = bitset.find_last(ends)
        separators = self._found.find_byte(self._delimiter)
        separators &= outside
        closing = separators | ends
        returns = self._found.find_byte(_CR) if self._crlf else None
        # A list and not a generator: every check keeps state for the next block, so all must run.
        self.suspect = any(
            [
                self._breaks_deviate(returns, size),
                self._quotes_stray(outside ^ closing, returns, size),
                self._columns_differ(separators),
                self._records_exceed(size),
                self._values_exceed(closing, size),
                self.buffer.find(0, 0, size) >= 0,
                not self._text.feed(size),
            ]
        )
        self._offset += size

    def list_record_ends(self) -> Sequence[int]:
        """List the positions of the line feeds that end records, in ascending order."""
        return bitset.list_positions(self._ends).data

    def _breaks_deviate(self, returns: bitset.Words | None, size: int) -> bool:
        before = self._after_cr
        if returns is None:
            # The last byte of the previous block may have been the first half of a CRLF.
            self._after_cr = int(self.buffer[size - 1] == _CR)
            return bool(before) or self.buffer.find(_CR, 0, size) >= 0
        self._after_cr = bitset.get_carry(returns)
        return not np.array_equal(bitset.shift_forward(returns, before), self._found.feeds)

    def _quotes_stray(self, bare: bitset.Words, returns: bitset.Words | None, size: int) -> bool:
        """Return whether a quote is next to a character of an unquoted value.

        A quote that opens too late follows such a character; a quote that closes too early
        precedes one. Doubled quotes are next to each other only.

        Args:
            bare: All positions outside quoted values that end no value: unquoted characters,
                closing quotes and carriage returns; overwritten.
            returns: All carriage returns, if they are part of line ends.
            size: Bytes of the block.
        """
        quotes = self._found.quotes
        if not self._after_quote and bitset.is_empty(quotes):
            # Without quotes only the last word matters, for the start of the next block.
            quotes, bare = quotes[-1:], bare[-1:]
            returns = None if returns is None else returns[-1:]
        bare &= ~quotes
        if returns is not None:
            bare &= ~returns
        if size % 64:
            bare[-1] &= np.uint64((1 << size % 64) - 1)
        stray = bitset.shift_forward(quotes, self._after_quote)
        stray &= bare
        self._after_quote = bitset.get_carry(quotes)
        late = bitset.shift_forward(bare, self._after_bare)
        late &= quotes
        self._after_bare = bitset.get_carry(bare)
        stray |= late
        return not bitset.is_empty(stray)

    def _columns_differ(self, separators: bitset.Words) -> bool:
        """Return whether the delimiters of a record that ends here differ from the header's."""
        counts = bitset.count_bits(separators)
        running = counts.astype(np.int32).cumsum(dtype=np.int32)
        held, expected = self._held, self._delimiters
        rest = self._ends[held]
        several = bitset.count_bits(rest)
        earlier = several.cumsum(dtype=np.int64)
        self.records = int(earlier[-1]) if len(held) else 0
        due = (earlier - several + 1) * expected - self._open_delimiters
        self._open_delimiters += int(running[-1]) - self.records * expected
        before = running[held] - counts[held]
        within = separators[held]
        while len(rest):
            lowest = rest & (~rest + _ONE)
            if np.any(before + bitset.count_bits(within & (lowest - _ONE)) != due):
                return True
            rest ^= lowest
            # Few words contain the ends of two records, so the loop is short.
            more = np.flatnonzero(rest != _NONE)
            rest, before, within, due = rest[more], before[more], within[more], due[more] + expected
        return False

    def _records_exceed(self, size: int) -> bool:
        """Return whether a record may be too long, judging by the words in which records end."""
        held, most = self._held, self._limits.record
        if not len(held):
            return self._offset + size - self._last_end > most
        first = self._offset + 64 * (int(held[0]) + 1) - self._last_end
        widest = 64 * (int(np.diff(held).max(initial=0)) + 1)
        self._last_end = self._offset + self.last + 1
        return max(first, widest) > most

    def _values_exceed(self, separators: bitset.Words, size: int) -> bool:
        """Return whether a value is too long, judging first by the chunks in which values end."""
        doubt = False
        starts = np.arange(0, len(separators), self._chunk)
        for start, any_end in zip(
            starts.tolist(), np.bitwise_or.reduceat(separators, starts).tolist(), strict=True
        ):
            end = self._offset + min(64 * (start + self._chunk), size)
            doubt |= end - self._floor > self._limits.field
            if any_end:
                self._floor = self._offset + 64 * start
        doubt = doubt and self._gaps_exceed(separators, size)
        last = bitset.find_last(separators)
        if last >= 0:
            self._last_separator = self._offset + last
        return doubt

    def _gaps_exceed(self, separators: bitset.Words, size: int) -> bool:
        most = self._limits.field
        last = bitset.find_last(separators)
        if last < 0:
            return self._offset + size - 1 - self._last_separator > most
        first, widest = bitset.find_longest_gap(separators)
        before = self._offset + first - 1 - self._last_separator
        return max(before, widest, size - 1 - last) > most
