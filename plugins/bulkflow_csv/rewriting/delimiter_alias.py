"""Replace a delimiter of several bytes with one character that does not occur in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow_csv.errors import CsvError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO

    from bulkflow_csv.source import ByteSource

_CANDIDATES: Final = "\x1f\x1e\x1d\x1c\x01\x02\x03\x04\x05\x06\x07\x0e\x0f"
"""The ASCII separators, and other control characters that text does not contain."""

_BLOCK: Final = 1 << 20


@frozen
class DelimiterAlias:
    """A single character that replaces a delimiter of several bytes.

    Attributes:
        text: The delimiter, without quotes and line breaks.
        sign: The character that replaces it.
    """

    text: str
    sign: str

    def substitute(self, data: bytes) -> bytes:
        """Replace the delimiter with the character."""
        return data.replace(self.text.encode(), self.sign.encode())

    def restore(self, data: bytes) -> bytes:
        """Replace the character with the delimiter."""
        return data.replace(self.sign.encode(), self.text.encode())

    def read_blocks(self, file: FileIO) -> Iterator[bytes]:
        """Read an open file from its position with the delimiter replaced, also inside quotes."""
        delimiter_bytes = self.text.encode()
        held = b""
        while block := file.read(_BLOCK):
            data = held + block
            # A delimiter cannot extend beyond a byte that is not part of it.
            whole = len(data.rstrip(delimiter_bytes))
            held = data[whole:]
            yield self.substitute(data[:whole])
        yield self.substitute(held)


def find_alias(source: ByteSource, text: str, avoid: str) -> DelimiterAlias:
    """Find a character for a delimiter that occurs neither in the file nor in `avoid`.

    Raises:
        CsvError: The file cannot be read, or contains all candidates.
    """
    left = [sign for sign in _CANDIDATES if sign not in avoid and sign not in text]
    with source.open() as file:
        while left and (block := file.read(_BLOCK)):
            left = [sign for sign in left if sign.encode() not in block]
    if not left:
        raise CsvError(
            "the file contains every control character, so none can replace the delimiter",
            name=source.name,
            help="this does not look like a text file; check the program that wrote it",
        )
    return DelimiterAlias(text, left[0])
