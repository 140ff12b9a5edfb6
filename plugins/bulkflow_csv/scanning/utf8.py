"""Whether a stream of blocks is UTF-8."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HIGH_BITS: Final = np.uint64(0x8080_8080_8080_8080)
_NONE: Final = np.uint64(0)


class TextCheck:
    """Checks blocks that are read into one buffer, sequences across their borders included.

    ASCII needs no check, so only the groups of eight bytes that hold anything else are decoded, one
    behind the other, and the group behind each of them: so whatever is left out lies between two
    bytes of ASCII, and cannot hide a sequence that is cut off.

    Args:
        buffer: Where the blocks are; its size is a multiple of 64. Behind a block that does not
            fill it, the rest of the last 64 bytes is zero, which ends a sequence as any ASCII does.
        scratch: As large as the buffer, overwritten.
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
        """Whether the first `size` bytes of the buffer go on as UTF-8.

        A sequence that the block cuts off is judged with the next one.
        """
        count = -(-size // 64) * 8
        groups, masked = self._groups[:count], self._masked[:count]
        # As long as all was ASCII, a look at all bits at once costs least.
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
