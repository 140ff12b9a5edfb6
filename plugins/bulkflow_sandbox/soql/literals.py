"""String literals: their escape sequences, and patterns of LIKE."""

from __future__ import annotations

import re
from typing import Final

_ESCAPE: Final = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_ESCAPED: Final = {
    "n": "\n",
    "N": "\n",
    "r": "\r",
    "R": "\r",
    "t": "\t",
    "T": "\t",
    "b": "\b",
    "B": "\b",
    "f": "\f",
    "F": "\f",
    '"': '"',
    "'": "'",
    "\\": "\\",
    "_": "_",
    "%": "%",
}
LIKE_ESCAPE: Final = "\\"


class BadEscapeError(ValueError):
    """A string has an unknown escape sequence, which is the error's text."""


def read_string(literal: str) -> str:
    """Read the text of a string literal.

    Raises:
        BadEscapeError: An escape sequence is unknown.
    """
    return _join_surrogates(_ESCAPE.sub(lambda match: _unescape(match[1]), literal[1:-1]))


def read_like_pattern(literal: str) -> str:
    r"""Read a string literal after LIKE as an SQL pattern with the escape character `\`.

    `\_` and `\%` keep their backslash, as they match the characters themselves.

    Raises:
        BadEscapeError: An escape sequence is unknown.
    """

    def replace(match: re.Match[str]) -> str:
        plain = _unescape(match[1])
        return LIKE_ESCAPE + plain if plain in {"_", "%", LIKE_ESCAPE} else plain

    return _join_surrogates(_ESCAPE.sub(replace, literal[1:-1]))


def _join_surrogates(text: str) -> str:
    """Join pairs of escaped surrogates to characters."""
    try:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError as error:
        half = text.encode("utf-16-le", "surrogatepass")[error.start : error.start + 2]
        raise BadEscapeError(f"\\u{int.from_bytes(half, 'little'):04x}") from None


def _unescape(sequence: str) -> str:
    if len(sequence) > 1:
        return chr(int(sequence[1:], 16))
    try:
        return _ESCAPED[sequence]
    except KeyError:
        raise BadEscapeError(f"\\{sequence}") from None
