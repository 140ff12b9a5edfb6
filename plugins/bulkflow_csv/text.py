"""Whether a stream of blocks is UTF-8."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HIGH_BITS: Final = np.uint64(0x8080_8080_8080_8080)
_LAST: Final = 0x80


class TextCheck:
    """Checks blocks that are read into one buffer, sequences across their borders included.

    ASCII needs no check, so only the groups of eight bytes that hold anything else are decoded, one
    behind the other. The group behind one that ends in such a byte is decoded too: so whatever is
    left out lies between two bytes of ASCII, and cannot hide a sequence that is cut off.

    Args:
        buffer: Where the blocks are; its size is a multiple of 64. Behind a block that does not
            fill it, the rest of the last 64 bytes is zero, which ends a sequence as any ASCII does.
        scratch: As large as the buffer, overwritten.
    """

    def __init__(self, buffer: NDArray[np.uint8], scratch: NDArray[np.bool_]) -> None:
        self._signed: Final = buffer.view(np.int8)
        self._groups: Final = buffer.view(np.uint64)
        self._scratch: Final = scratch
        self._decoder: Final = codecs.getincrementaldecoder("utf-8")()
        self._in_run = False
        self._is_ascii = True

    def feed(self, size: int) -> bool:
        """Whether the first `size` bytes of the buffer go on as UTF-8.

        A sequence that the block cuts off is judged with the next one.
        """
        padded = -(-size // 64) * 64
        # As long as all was ASCII, a look at all bits at once costs least.
        if self._is_ascii and not np.bitwise_or.reduce(self._groups[: padded // 8]) & _HIGH_BITS:
            return True
        high = np.less(self._signed[:padded], 0, out=self._scratch[:padded])
        # One byte for each group, with a bit for each of its bytes that is not ASCII.
        flags = np.packbits(high, bitorder="little")
        found = np.count_nonzero(flags)
        if 4 * found > len(flags):
            text = self._groups[: len(flags)].tobytes()
        else:
            text = self._groups[self._to_decode(flags)].tobytes()
        self._is_ascii = not found
        self._in_run = bool(high[size - 1])
        try:
            self._decoder.decode(text)
        except UnicodeDecodeError:
            return False
        return True

    def _to_decode(self, flags: NDArray[np.uint8]) -> NDArray[np.intp]:
        # Two steps, because most stretches of 64 bytes are ASCII and numpy finds few of many fast.
        rows = np.flatnonzero(flags.view(np.uint64) != 0)
        within = np.flatnonzero(flags.reshape(-1, 8)[rows] != 0)
        groups = 8 * rows[within >> 3] + (within & 7)
        behind = groups[flags[groups] >= _LAST] + 1
        behind = behind[behind < len(flags)]
        more = behind[flags[behind] == 0]
        if self._in_run and not flags[0]:
            more = np.append(more, 0)
        return np.sort(np.concatenate([groups, more])) if len(more) else groups
