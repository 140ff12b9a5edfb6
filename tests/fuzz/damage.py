"""Makes odd bytes of sound ones."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

ODD = [
    b"\0", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\r", b"\n", b"\t", b'"', b'"""', b"\\",
    b"{", b"}", b"[", b"]", b"(", b")", b"'", b",", b":", b"#", b"-", b"&a", b"*a", b"<<: *a",
    b"!!python/object:x", b"{x}", b"9" * 40, b"1e999", b"-1", b"NaN", b"null", b"true",
    "\u202e".encode(), b"\x1b[2J", b"%s", b"../", b" ", b"  ", b"    ", b"then ", b"on failure ",
    b"when ", b"include ",
]  # fmt: skip
"""Pieces that mean something to one reader or another."""

LARGEST = 20_000
"""Bytes: what is found with more is found with less."""


def damaged(random: Random, corpus: Sequence[bytes]) -> bytes:
    """One of the corpus after a few changes, each at a place of its own."""
    data = random.choice(corpus)
    for _ in range(random.randint(0, 6)):
        at = random.randint(0, len(data))
        end = min(len(data), at + random.choice([0, 1, 2, 8, 40]))
        piece = data[at:end]
        match random.randint(0, 5):
            case 0:
                data = data[:at] + data[end:]
            case 1:
                data = data[:at] + random.choice(ODD) + data[end:]
            case 2:
                data = data[:end] + piece * random.choice([1, 2, 60]) + data[end:]
            case 3:
                other = random.choice(corpus)
                cut = random.randint(0, len(other))
                data = data[:at] + other[cut : cut + random.choice([4, 40, 400])] + data[end:]
            case 4:
                data = data[:at] + random.choice(ODD) * random.choice([2, 50]) + data[at:]
            case _:
                data = data[:at] + bytes([random.randint(0, 255)]) + data[at + 1 :]
    return data[:LARGEST]
