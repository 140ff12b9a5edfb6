"""Sets of positions in a block of bytes, as bits of 64-bit words.

Bit i of word w stands for byte 64 * w + i of the block, so that "the byte before" is a shift to the
left. This is the only module that needs bitwise_count, hence numpy 2.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Words: TypeAlias = NDArray[np.uint64]
"""A set of positions: one bit per byte of a block."""

Counts: TypeAlias = NDArray[np.int64]
"""Numbers, or positions in a block."""

_NONE: Final = np.uint64(0)
_ONE: Final = np.uint64(1)
_ALL: Final = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
_TOP: Final = np.uint64(63)
_NEAR: Final = 16
_DOUBLING: Final = tuple(np.uint64(1 << power) for power in range(6))


def behind(words: Words, carry: int) -> Words:
    """The positions right behind those of `words`.

    `carry` is 1 if the last position of the block before was in the set, else 0.
    """
    moved = words << _ONE
    moved[1:] |= words[:-1] >> _TOP
    moved[0] |= np.uint64(carry)
    return moved


def ends_in_one(words: Words) -> int:
    """1 if the last position of a full block is in the set, else 0."""
    return int(words[-1] >> _TOP)


def find(data: NDArray[np.uint8], byte: int, scratch: NDArray[np.bool_]) -> Words:
    """Where a byte stands in data, whose size is a multiple of 64 and that of `scratch`."""
    found = np.equal(data, byte, out=scratch)
    return np.packbits(found, bitorder="little").view(np.uint64)


def between(words: Words, scratch: Words, carry: int) -> tuple[Words, int]:
    """The positions from each odd member up to, not including, the next even one.

    Args:
        words: The set, for example of all quotes.
        scratch: One word more, overwritten.
        carry: 1 if the block starts between two.

    Returns:
        The positions, and the carry for the next block.
    """
    if is_empty(words):
        return np.full_like(words, _ALL if carry else _NONE), carry
    shifted = scratch[:-1]
    inside = np.left_shift(words, _ONE)
    np.bitwise_xor(inside, words, out=inside)
    for shift in _DOUBLING[1:]:
        np.left_shift(inside, shift, out=shifted)
        np.bitwise_xor(inside, shifted, out=inside)
    # A signed shift makes no or all bits of the highest, which tells where the word ends.
    scratch[0] = _ALL if carry else _NONE
    np.right_shift(inside.view(np.int64), 63, out=scratch[1:].view(np.int64))
    np.bitwise_xor.accumulate(scratch, out=scratch)
    np.bitwise_xor(inside, shifted, out=inside)
    return inside, int(scratch[-1] & _ONE)


def is_empty(words: Words) -> bool:
    """Whether no position is in the set."""
    return not words.max()


def count(words: Words) -> int:
    """How many positions are in the set."""
    return int(np.bitwise_count(words).sum(dtype=np.int32))


def positions(words: Words) -> Counts:
    """The positions in the set, ascending."""
    bits = np.unpackbits(words.view(np.uint8), bitorder="little")
    # numpy has a much faster way for booleans than for numbers.
    return np.flatnonzero(bits.view(np.bool_))


def last(words: Words) -> int:
    """The highest position of the set, -1 if it is empty."""
    # Most sets have a member near the end, where a look costs less than one at all words.
    tail: list[int] = words[-_NEAR:].tolist()
    for back, word in enumerate(reversed(tail), 1):
        if word:
            return 64 * (len(words) - back) + word.bit_length() - 1
    held = np.flatnonzero(words != 0)
    return 64 * int(held[-1]) + int(words[held[-1]]).bit_length() - 1 if len(held) else -1


def longest_gap(words: Words) -> tuple[int, int]:
    """The first position of a set that is not empty, and the widest gap between two neighbours.

    The gap is counted in positions that lie between, and exact where it is 64 or more.
    """
    held = np.flatnonzero(words != 0)
    values = words[held]
    lowest = values & (~values + _ONE)
    low = 64 * held + np.bitwise_count(lowest - _ONE)
    # Smearing the highest bit downwards turns "where is it" into "how many are set".
    for shift in _DOUBLING:
        values |= values >> shift
    high = 64 * held + np.bitwise_count(values) - 1
    gaps = low[1:] - high[:-1] - 1
    return int(low[0]), int(gaps.max(initial=0))
