"""The fast reading: where records end in a block of bytes, and whether anything looks wrong in it.

A block is turned into sets of positions (quotes, delimiters, line feeds), and every question is
asked of all positions at once. The parity of the quotes tells what is inside a quoted value; that
is right up to the first fault, and `suspect` says that there may be one, never where. It may
say so without need, but it never misses one: the walker settles it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from bulkflow_csv import bits
from bulkflow_csv.text import TextCheck

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bulkflow_csv.limits import FormatLimits

_LF: Final = 10
_CR: Final = 13
_QUOTE: Final = 34
_ONE: Final = np.uint64(1)


class Structure:
    """Reads one block after the other from one buffer.

    Args:
        block_size: Bytes of a block, a multiple of 64; every block but the last must be full.
        delimiter: The column delimiter.
        crlf: Lines end in CRLF rather than LF.
        columns: How many the header has.
        start: Byte offset in the file of the first block.
        limits: What the API takes.

    After `read`, these describe the block:

    Attributes:
        buffer: Where the block's bytes are put before `read`.
        ends: The line feeds that end records.
        feeds: All line feeds, those in quoted values too.
        records: How many end in it.
        suspect: There may be a fault in it, or one that showed only now.
    """

    def __init__(
        self,
        *,
        block_size: int,
        delimiter: str,
        crlf: bool,
        columns: int,
        start: int,
        limits: FormatLimits,
    ) -> None:
        if block_size < 64 or block_size % 64:
            raise ValueError(f"block_size must be a positive multiple of 64, not {block_size}")
        self.buffer: Final = bytearray(block_size)
        self._bytes: Final[NDArray[np.uint8]] = np.frombuffer(self.buffer, np.uint8)
        self._equal: Final = np.empty(block_size, np.bool_)
        self._scratch: Final = np.empty(block_size // 64, np.uint64)
        self._text: Final = TextCheck(self._bytes, self._equal)
        self._delimiter: Final = ord(delimiter)
        self._crlf: Final = crlf
        self._delimiters: Final = columns - 1
        self._limits: Final = limits
        # A value of more than the limit covers a whole chunk in which no value ends.
        self._chunk: Final = max(1, limits.field // 128)
        self._offset = start
        self._last_end = start
        self._last_separator = start - 1
        self._floor = start
        self._quoted = 0
        self._after_quote = 0
        self._after_bare = 0
        self._after_cr = 0
        self._open_delimiters = 0
        self._held: NDArray[np.intp] = np.empty(0, np.intp)
        self.ends: bits.Words = np.empty(0, np.uint64)
        self.feeds: bits.Words = self.ends
        self.records = 0
        self.suspect = False

    def read(self, size: int) -> None:
        """Read the first `size` bytes of the buffer as the next block."""
        padded = -(-size // 64) * 64
        if padded != size:
            self.buffer[size:padded] = bytes(padded - size)
        quotes = self._where(_QUOTE, padded)
        feeds = self._where(_LF, padded)
        delimiters = self._where(self._delimiter, padded)
        returns = self._where(_CR, padded) if self._crlf else None
        inside, quoted = bits.between(quotes, self._scratch[: padded // 64], self._quoted)
        outside = np.invert(inside, out=self._scratch[: padded // 64])
        self.feeds = feeds
        self.ends = feeds & outside
        self._held = np.flatnonzero(self.ends != 0)
        separators = delimiters & outside
        # The characters of values that are not in quotes: outside, and nothing else.
        bare = np.invert(delimiters, out=delimiters)
        bare &= outside
        bare ^= self.ends
        bare &= ~quotes
        if returns is not None:
            bare &= ~returns
        # Each of these keeps what it must know of this block for the next one, so all are asked.
        self.suspect = any(
            [
                self._breaks_deviate(returns, size),
                self._quotes_stray(quotes, bare, size),
                self._columns_differ(separators),
                self._records_exceed(size),
                self._values_exceed(separators | self.ends, size),
                self.buffer.find(0, 0, size) >= 0,
                not self._text.feed(size),
            ]
        )
        self._quoted = quoted
        self._offset += size

    def _where(self, byte: int, size: int) -> bits.Words:
        equal = np.equal(self._bytes[:size], byte, out=self._equal[:size])
        return np.packbits(equal, bitorder="little").view(np.uint64)

    def _breaks_deviate(self, returns: bits.Words | None, size: int) -> bool:
        before = self._after_cr
        if returns is None:
            # The last byte of the block before may have been the first half of a CRLF.
            self._after_cr = int(self.buffer[size - 1] == _CR)
            return bool(before) or self.buffer.find(_CR, 0, size) >= 0
        self._after_cr = bits.ends_in_one(returns)
        return not np.array_equal(bits.behind(returns, before), self.feeds)

    def _quotes_stray(self, quotes: bits.Words, bare: bits.Words, size: int) -> bool:
        """Whether a quote touches a character of a value that is not in quotes.

        A quote that opens too late follows one, a quote that closes too soon is followed by one.
        Doubled quotes touch one another only.
        """
        if size % 64:
            bare[-1] &= np.uint64((1 << size % 64) - 1)
        stray = bits.behind(quotes, self._after_quote)
        stray &= bare
        self._after_quote = bits.ends_in_one(quotes)
        late = bits.behind(bare, self._after_bare)
        late &= quotes
        self._after_bare = bits.ends_in_one(bare)
        return bool(stray.any() or late.any())

    def _columns_differ(self, separators: bits.Words) -> bool:
        """Whether a record that ends in this block has not as many delimiters as the header."""
        counts = np.bitwise_count(separators)
        running = counts.astype(np.int64).cumsum()
        held, expected = self._held, self._delimiters
        rest = self.ends[held]
        several = np.bitwise_count(rest)
        earlier = np.cumsum(several, dtype=np.int64)
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
            more = np.flatnonzero(rest)
            rest, before, within, due = rest[more], before[more], within[more], due[more] + expected
        return False

    def _records_exceed(self, size: int) -> bool:
        """Whether a record may be too long, by the words in which records end."""
        held, most = self._held, self._limits.record
        if not len(held):
            return self._offset + size - self._last_end > most
        first = self._offset + 64 * (int(held[0]) + 1) - self._last_end
        widest = 64 * (int(np.diff(held).max(initial=0)) + 1)
        self._last_end = self._offset + bits.last(self.ends) + 1
        return max(first, widest) > most

    def _values_exceed(self, separators: bits.Words, size: int) -> bool:
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
        last = bits.last(separators)
        if last >= 0:
            self._last_separator = self._offset + last
        return doubt

    def _gaps_exceed(self, separators: bits.Words, size: int) -> bool:
        most = self._limits.field
        last = bits.last(separators)
        if last < 0:
            return self._offset + size - 1 - self._last_separator > most
        first, widest = bits.longest_gap(separators)
        before = self._offset + first - 1 - self._last_separator
        return max(before, widest, size - 1 - last) > most
