"""Sets of positions in a block of bytes, represented by the bits of 64-bit words.

Bit i of word w represents byte 64 * w + i of the block, so shifting left by one moves every
position to the next byte.
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
_HAS_BITWISE_COUNT: Final = hasattr(np, "bitwise_count")
"""Whether numpy counts bits itself: from version 2."""
_DOUBLING: Final = tuple(np.uint64(1 << power) for power in range(6))


def shift_forward(words: Words, carry: int) -> Words:
    """Return the set moved by one position.

    `carry` is 1 if the last position of the previous block is in the set, otherwise 0.
    """
    moved = words << _ONE
    moved[1:] |= words[:-1] >> _TOP
    moved[0] |= np.uint64(carry)
    return moved


def get_carry(words: Words) -> int:
    """Return 1 if the last position of a full block is in the set, otherwise 0."""
    return int(words[-1] >> _TOP)


def find_byte(data: NDArray[np.uint8], byte: int, scratch: NDArray[np.bool_]) -> Words:
    """Find the positions of a byte.

    Args:
        data: The bytes; the size must be a multiple of 64.
        byte: The byte.
        scratch: An array of the same size, overwritten.
    """
    found = np.equal(data, byte, out=scratch)
    return np.packbits(found, bitorder="little").view(np.uint64)


def fill_between(words: Words, scratch: Words, carry: int) -> tuple[Words, int]:
    """Return the positions from every odd member up to, but excluding, the next even member.

    Args:
        words: The set, for example of all quotes.
        scratch: An array with one word more, overwritten.
        carry: 1 if the block starts between an odd and an even member.

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
    # The highest bit is set if the word ends inside; a signed shift copies it to all bits.
    scratch[0] = _ALL if carry else _NONE
    np.right_shift(inside.view(np.int64), 63, out=scratch[1:].view(np.int64))
    np.bitwise_xor.accumulate(scratch, out=scratch)
    np.bitwise_xor(inside, shifted, out=inside)
    return inside, int(scratch[-1] & _ONE)


def count_bits(words: Words) -> NDArray[np.uint8]:
    """Count the bits of each word."""
    if not _HAS_BITWISE_COUNT:
        return count_bits_portably(words)
    counts: NDArray[np.uint8] = np.bitwise_count(words)
    return counts


def count_bits_portably(words: Words) -> NDArray[np.uint8]:
    """Count the bits of each word without `bitwise_count`, by adding neighbors in parallel."""
    counts = words - ((words >> _ONE) & np.uint64(0x5555_5555_5555_5555))
    pairs = np.uint64(0x3333_3333_3333_3333)
    counts = (counts & pairs) + ((counts >> np.uint64(2)) & pairs)
    counts = (counts + (counts >> np.uint64(4))) & np.uint64(0x0F0F_0F0F_0F0F_0F0F)
    total: Words = (counts * np.uint64(0x0101_0101_0101_0101)) >> np.uint64(56)
    return total.astype(np.uint8)


def is_empty(words: Words) -> bool:
    """Return whether the set is empty."""
    return not words.max()


def count(words: Words) -> int:
    """Count the positions in the set."""
    return int(count_bits(words).sum(dtype=np.int32))


def list_positions(words: Words) -> Counts:
    """List the positions in the set in ascending order."""
    bits = np.unpackbits(words.view(np.uint8), bitorder="little")
    # flatnonzero is much faster for booleans than for integers.
    return np.flatnonzero(bits.view(np.bool_))


def find_last(words: Words) -> int:
    """Return the highest position in the set, or -1 if it is empty."""
    # Most sets have a member near the end, so look at the last words first.
    tail: list[int] = words[-_NEAR:].tolist()
    for back, word in enumerate(reversed(tail), 1):
        if word:
            return 64 * (len(words) - back) + word.bit_length() - 1
    held = np.flatnonzero(words != 0)
    return 64 * int(held[-1]) + int(words[held[-1]]).bit_length() - 1 if len(held) else -1


def find_longest_gap(words: Words) -> tuple[int, int]:
    """Return the first position of a non-empty set, and the longest gap between two neighbors.

    The gap is the number of positions in between. It is exact if it is 64 or more.
    """
    held = np.flatnonzero(words != 0)
    values = words[held]
    lowest = values & (~values + _ONE)
    low = 64 * held + count_bits(lowest - _ONE)
    # Copy the highest bit to all lower ones; then the number of bits gives its position.
    for shift in _DOUBLING:
        values |= values >> shift
    high = 64 * held + count_bits(values) - 1
    gaps = low[1:] - high[:-1] - 1
    return int(low[0]), int(gaps.max(initial=0))
