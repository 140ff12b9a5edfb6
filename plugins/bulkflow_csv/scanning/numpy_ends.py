"""Find record ends with numpy: the line feeds outside quoted values.

The parity of the quotes determines which bytes are inside a quoted value. This is correct as long
as every quote is valid, which `NumpyRowReader` checks.
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


class NumpyEndReader:
    """An `EndReader`. After `read`, the sets of positions describe the block.

    Args:
        block_size: Bytes of a block, a multiple of 64; every block but the last must be full.

    Attributes:
        buffer: The buffer that the caller fills before `read`.
        bytes: The buffer as a numpy array.
        scratch: An array of the same size that callers may overwrite between two calls.
        quotes: All quotes.
        feeds: All line feeds.
        outside: All positions outside quoted values, including closing quotes.
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
        """Read the first `size` bytes of the buffer as the next block, padded to whole words."""
        self._padded = padded = -(-size // 64) * 64
        if padded != size:
            self.buffer[size:padded] = bytes(padded - size)
        self.quotes = self.find_byte(_QUOTE)
        self.feeds = self.find_byte(_LF)
        inside, self._quoted = bitset.fill_between(
            self.quotes, self._words[: padded // 64 + 1], self._quoted
        )
        self.outside = np.invert(inside, out=inside)
        self.ends = self.feeds & self.outside

    @property
    def records(self) -> int:
        """Number of records that end in the block."""
        return bitset.count(self.ends)

    @property
    def last(self) -> int:
        """Position of the last line feed that ends a record; -1 if there is none."""
        return bitset.find_last(self.ends)

    def find_byte(self, byte: int) -> bitset.Words:
        """Find the positions of a byte in the block."""
        return bitset.find_byte(self.bytes[: self._padded], byte, self.scratch[: self._padded])
