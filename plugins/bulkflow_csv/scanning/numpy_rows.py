"""The fast reading: where records end in a block of bytes, and whether anything looks wrong in it.

A block is turned into sets of positions (quotes, delimiters, line feeds), and every question is
asked of all positions at once. The parity of the quotes tells what is inside a quoted value; that
is right up to the first fault, and `suspect` says that there may be one, never where. It may
say so without need, but it never misses one: the walker settles it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from bulkflow_csv.scanning import bitset
from bulkflow_csv.scanning.numpy_ends import Boundaries
from bulkflow_csv.scanning.utf8 import TextCheck

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bulkflow_csv.scanning.protocol import RowForm

_CR: Final = 13
_NONE: Final = np.uint64(0)
_ONE: Final = np.uint64(1)


class Structure:
    """Reads one block after the other from one buffer; a `BlockReader`.

    Args:
        form: What is known of the rows.
        block_size: Bytes of a block, a multiple of 64; every block but the last must be full.

    Attributes:
        buffer: Where the block's bytes are put before `read`.
        records: How many records end in the block.
        feeds: How many line feeds it has, those in quoted values too.
        last: The position of the last line feed that ends a record; -1 if none does.
        suspect: There may be a fault in it, or one that showed only now.
    """

    def __init__(self, form: RowForm, block_size: int) -> None:
        self._found: Final = Boundaries(block_size)
        self.buffer: Final = self._found.buffer
        self._text: Final = TextCheck(self._found.bytes, self._found.scratch)
        self._delimiter: Final = ord(form.delimiter)
        self._crlf: Final = form.crlf
        self._delimiters: Final = form.columns - 1
        self._limits: Final = form.limits
        # A value of more than the limit covers a whole chunk in which no value ends.
        self._chunk: Final = max(1, form.limits.field // 128)
        self._offset = form.start
        self._last_end = form.start
        self._last_separator = form.start - 1
        self._floor = form.start
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
        self.last = bitset.last(ends)
        separators = self._found.find(self._delimiter)
        separators &= outside
        closing = separators | ends
        returns = self._found.find(_CR) if self._crlf else None
        # Each of these keeps what it must know of this block for the next one, so all are asked.
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

    def places(self) -> Sequence[int]:
        """The positions in the block of the line feeds that end records, ascending."""
        return bitset.positions(self._ends).data

    def _breaks_deviate(self, returns: bitset.Words | None, size: int) -> bool:
        before = self._after_cr
        if returns is None:
            # The last byte of the block before may have been the first half of a CRLF.
            self._after_cr = int(self.buffer[size - 1] == _CR)
            return bool(before) or self.buffer.find(_CR, 0, size) >= 0
        self._after_cr = bitset.ends_in_one(returns)
        return not np.array_equal(bitset.behind(returns, before), self._found.feeds)

    def _quotes_stray(self, bare: bitset.Words, returns: bitset.Words | None, size: int) -> bool:
        """Whether a quote touches a character of a value that is not in quotes.

        A quote that opens too late follows one, a quote that closes too soon is followed by one.
        Doubled quotes touch one another only.

        Args:
            bare: All that is outside of quoted values and ends none: these characters, closing
                quotes and carriage returns; overwritten.
            returns: All carriage returns, where they are part of line ends.
            size: Bytes of the block.
        """
        quotes = self._found.quotes
        if not self._after_quote and bitset.is_empty(quotes):
            # Nothing is touched, and the last word tells what the next block begins behind.
            quotes, bare = quotes[-1:], bare[-1:]
            returns = None if returns is None else returns[-1:]
        bare &= ~quotes
        if returns is not None:
            bare &= ~returns
        if size % 64:
            bare[-1] &= np.uint64((1 << size % 64) - 1)
        stray = bitset.behind(quotes, self._after_quote)
        stray &= bare
        self._after_quote = bitset.ends_in_one(quotes)
        late = bitset.behind(bare, self._after_bare)
        late &= quotes
        self._after_bare = bitset.ends_in_one(bare)
        stray |= late
        return not bitset.is_empty(stray)

    def _columns_differ(self, separators: bitset.Words) -> bool:
        """Whether a record that ends in this block has not as many delimiters as the header."""
        counts = np.bitwise_count(separators)
        running = counts.astype(np.int32).cumsum(dtype=np.int32)
        held, expected = self._held, self._delimiters
        rest = self._ends[held]
        several = np.bitwise_count(rest)
        earlier = several.cumsum(dtype=np.int64)
        self.records = int(earlier[-1]) if len(held) else 0
        due = (earlier - several + 1) * expected - self._open_delimiters
        self._open_delimiters += int(running[-1]) - self.records * expected
        before = running[held] - counts[held]
        within = separators[held]
        while len(rest):
            lowest = rest & (~rest + _ONE)
            if np.any(before + np.bitwise_count(within & (lowest - _ONE)) != due):
                return True
            rest ^= lowest
            # Few words hold the ends of two records, so this comes to an end soon.
            more = np.flatnonzero(rest != _NONE)
            rest, before, within, due = rest[more], before[more], within[more], due[more] + expected
        return False

    def _records_exceed(self, size: int) -> bool:
        """Whether a record may be too long, by the words in which records end."""
        held, most = self._held, self._limits.record
        if not len(held):
            return self._offset + size - self._last_end > most
        first = self._offset + 64 * (int(held[0]) + 1) - self._last_end
        widest = 64 * (int(np.diff(held).max(initial=0)) + 1)
        self._last_end = self._offset + self.last + 1
        return max(first, widest) > most

    def _values_exceed(self, separators: bitset.Words, size: int) -> bool:
        """Whether a value may be too long, by the chunks in which values end."""
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
        last = bitset.last(separators)
        if last >= 0:
            self._last_separator = self._offset + last
        return doubt

    def _gaps_exceed(self, separators: bitset.Words, size: int) -> bool:
        most = self._limits.field
        last = bitset.last(separators)
        if last < 0:
            return self._offset + size - 1 - self._last_separator > most
        first, widest = bitset.longest_gap(separators)
        before = self._offset + first - 1 - self._last_separator
        return max(before, widest, size - 1 - last) > most
