"""Delimiters of several bytes, folded into one that stands nowhere else in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from bulkflow_csv.errors import CsvError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO

    from bulkflow_csv.source import ByteSource

_CANDIDATES: Final = "\x1f\x1e\x1d\x1c\x01\x02\x03\x04\x05\x06\x07\x0e\x0f"
"""Separators of old, and other signs that no text has."""

_BLOCK: Final = 1 << 20


@attrs.frozen
class Fold:
    """A character that stands for a text.

    Attributes:
        text: A delimiter of several bytes, without quotes and line breaks.
        sign: The character.
    """

    text: str
    sign: str

    def do(self, data: bytes) -> bytes:
        """The data with the sign for the text."""
        return data.replace(self.text.encode(), self.sign.encode())

    def undo(self, data: bytes) -> bytes:
        """The data with the text for the sign."""
        return data.replace(self.sign.encode(), self.text.encode())

    def blocks(self, file: FileIO) -> Iterator[bytes]:
        """An open file with the sign for the text, in quotes too, from where it stands."""
        signs = self.text.encode()
        held = b""
        while block := file.read(_BLOCK):
            data = held + block
            # No delimiter reaches over a byte that it does not have.
            whole = len(data.rstrip(signs))
            held = data[whole:]
            yield self.do(data[:whole])
        yield self.do(held)


def foldable(source: ByteSource, text: str, avoid: str) -> Fold:
    """The fold for a file: with a sign that is neither in it nor in `avoid`.

    Raises:
        CsvError: The file cannot be read, or has all the signs.
    """
    left = [sign for sign in _CANDIDATES if sign not in avoid and sign not in text]
    with source.open() as file:
        while left and (block := file.read(_BLOCK)):
            left = [sign for sign in left if sign.encode() not in block]
    if not left:
        raise CsvError(
            "the file has all control characters, so none can stand for the delimiter",
            name=source.name,
            help="this is no text; see what the program that wrote the file calls it",
        )
    return Fold(text, left[0])
