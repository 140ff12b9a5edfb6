"""Validate UTF-8 in a stream of blocks."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HIGH_BITS: Final = np.uint64(0x8080_8080_8080_8080)
_NONE: Final = np.uint64(0)


class Utf8Check:
    """Validates blocks that share a buffer, including characters that span two blocks.

    ASCII is always valid, so only groups of eight bytes with other bytes are decoded, each together
    with the group after it. Skipped bytes therefore lie between two ASCII bytes and cannot hide a
    truncated character.

    Args:
        buffer: The buffer; its size is a multiple of 64. After a shorter block, the rest of its
            last 64 bytes must be zero, which ends a character like any ASCII byte.
        scratch: An array of the same size, overwritten.
    """

    def __init__(self, buffer: NDArray[np.uint8], scratch: NDArray[np.bool_]) -> None:
        self._groups: Final = buffer.view(np.uint64)
        self._masked: Final = scratch.view(np.uint64)
        self._high: Final = np.empty(len(self._groups) + 1, np.bool_)
        self._wanted: Final = np.empty(len(self._groups), np.bool_)
        self._decoder: Final = codecs.getincrementaldecoder("utf-8")()
        self._is_ascii = True
        self._high[0] = False

    def feed(self, size: int) -> bool:
        """Return whether the stream is still valid with the first `size` bytes of the buffer.

        A character that the block truncates is validated with the next block.
        """
        count = -(-size // 64) * 8
        groups, masked = self._groups[:count], self._masked[:count]
        # While everything is ASCII, testing all bits together is cheapest.
        if self._is_ascii and not np.bitwise_or.reduce(groups) & _HIGH_BITS:
            return True
        np.bitwise_and(groups, _HIGH_BITS, out=masked)
        np.not_equal(masked, _NONE, out=self._high[1 : count + 1])
        wanted = np.logical_or(
            self._high[:count], self._high[1 : count + 1], out=self._wanted[:count]
        )
        text = groups[wanted].tobytes()
        self._high[0] = self._high[count]
        self._is_ascii = not text
        try:
            self._decoder.decode(text)
        except UnicodeDecodeError:
            return False
        return True
