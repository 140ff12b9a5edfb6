"""Where records end in a block of bytes: at the line feeds that stand in no quoted value.

The parity of the quotes tells what is in a quoted value. That is right as long as quotes stand
where they should, which `Structure` finds out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from bulkflow_csv.scanning import bitset
from bulkflow_csv.scanning.protocol import check_block_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LF: Final = 10
_QUOTE: Final = 34


class Boundaries:
    """Finds record ends in one block after the other, which share one buffer.

    Args:
        block_size: Bytes of a block, a multiple of 64; every block but the last must be full.

    After `read`, the sets of positions describe the block; each block has new ones:

    Attributes:
        buffer: Where the block's bytes are put before `read`.
        bytes: The same, for numpy.
        scratch: As large, and free for anybody between two calls.
        quotes: All quotes.
        feeds: All line feeds.
        outside: What is in no quoted value, closing quotes included.
        ends: The line feeds that end records.
    """

    def __init__(self, block_size: int) -> None:
        self.buffer: Final = bytearray(check_block_size(block_size))
        self.bytes: Final[NDArray[np.uint8]] = np.frombuffer(self.buffer, np.uint8)
        self.scratch: Final = np.empty(block_size, np.bool_)
        self._words: Final = np.empty(block_size // 64 + 1, np.uint64)
        self._quoted = 0
        self._padded = 0
        self.quotes: bitset.Words = np.empty(0, np.uint64)
        self.feeds: bitset.Words = self.quotes
        self.outside: bitset.Words = self.quotes
        self.ends: bitset.Words = self.quotes

    def read(self, size: int) -> None:
        """Read the first `size` bytes of the buffer as the next block.

        Zeros fill the rest of its last word.
        """
        self._padded = padded = -(-size // 64) * 64
        if padded != size:
            self.buffer[size:padded] = bytes(padded - size)
        self.quotes = self.find(_QUOTE)
        self.feeds = self.find(_LF)
        inside, self._quoted = bitset.between(
            self.quotes, self._words[: padded // 64 + 1], self._quoted
        )
        self.outside = np.invert(inside, out=inside)
        self.ends = self.feeds & self.outside

    @property
    def records(self) -> int:
        """How many records end in the block."""
        return bitset.count(self.ends)

    @property
    def last(self) -> int:
        """The position of the last line feed that ends a record; -1 if none does."""
        return bitset.last(self.ends)

    def find(self, byte: int) -> bitset.Words:
        """Where a byte stands in the block."""
        return bitset.find(self.bytes[: self._padded], byte, self.scratch[: self._padded])
