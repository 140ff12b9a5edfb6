"""Whether a stream of blocks is UTF-8."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HIGH_BITS: Final = np.uint64(0x8080_8080_8080_8080)
_SPACE: Final = ord(" ")


class TextCheck:
    """Checks blocks that are read into one buffer, sequences across their borders included.

    The bytes of ASCII need no check, so only the others are decoded, with one space for whatever
    lies between two of their runs: that is valid UTF-8 exactly if the whole is.

    Args:
        buffer: Where the blocks are; its size is a multiple of 8. Behind a block that does not
            fill it, the rest of the last 8 bytes is zero.
    """

    def __init__(self, buffer: NDArray[np.uint8]) -> None:
        self._bytes: Final = buffer
        self._words: Final = buffer.view(np.uint64)
        self._signed: Final = buffer.view(np.int8)
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._in_run = False

    def feed(self, size: int) -> bool:
        """Whether the first `size` bytes of the buffer go on as UTF-8.

        A sequence that the block cuts off is judged with the next one.
        """
        high = np.bitwise_or.reduce(self._words[: -(-size // 8)]) & _HIGH_BITS
        if not high and not self._in_run:
            return True
        places = np.flatnonzero(self._signed[:size] < 0)
        if 4 * len(places) > size:
            text = self._bytes[:size].tobytes()
        else:
            text = self._runs(places, size)
        self._in_run = bool(self._signed[size - 1] < 0)
        try:
            self._decoder.decode(text)
        except UnicodeDecodeError:
            return False
        return True

    def _runs(self, places: NDArray[np.int64], size: int) -> bytes:
        if not len(places):
            return b" "
        slots = np.arange(1, len(places) + 1)
        slots[1:] += np.cumsum(np.diff(places) != 1)
        runs = np.full(int(slots[-1]) + 2, _SPACE, np.uint8)
        runs[slots] = self._bytes[places]
        # A space at either end would part a run from its rest in the neighbouring block.
        first = 1 if places[0] == 0 else 0
        last = len(runs) - 1 if places[-1] == size - 1 else len(runs)
        return runs[first:last].tobytes()
