"""Find the first byte of some data that is not valid text."""

from __future__ import annotations

import codecs

from attrs import frozen


@frozen
class InvalidByte:
    """Describes the first invalid byte of some data.

    Attributes:
        message: What is wrong with it.
        help: How to fix it.
    """

    message: str
    help: str


@frozen
class ValidText:
    """The valid beginning of some data.

    Attributes:
        data: The bytes before the first invalid byte.
        undecided: Whether the data end inside a character, whose first bytes are not included.
        invalid: The first invalid byte, if any.
    """

    data: bytes
    undecided: bool
    invalid: InvalidByte | None


def split_valid_text(data: bytes, *, final: bool) -> ValidText:
    """Split off the valid UTF-8 text at the beginning of some data. NUL bytes are invalid.

    Args:
        data: The data, which start with a whole character.
        final: Whether the data extend to the end of the file, so a truncated character is invalid.
    """
    end, undecided, invalid = len(data), False, None
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(data, final)
        end -= len(decoder.getstate()[0])
        undecided = end < len(data)
    except UnicodeDecodeError as error:
        end = error.start
        invalid = InvalidByte(
            f"byte 0x{data[end]:02X} is not valid UTF-8", _write_encoding_help(data)
        )
    nul = data.find(0, 0, end)
    if nul >= 0:
        end = nul
        invalid = InvalidByte(
            "there is a NUL byte in the text",
            "save the file as UTF-8 text; NUL bytes indicate UTF-16 or binary data",
        )
    return ValidText(data[:end], undecided, invalid)


def _write_encoding_help(data: bytes) -> str:
    """Write the help for invalid UTF-8, depending on whether most of the data is valid."""
    valid = sum(not character.isascii() for character in data.decode("utf-8", "ignore"))
    if valid > data.decode("utf-8", "replace").count("\ufffd"):
        return (
            "the other values are UTF-8: correct this one where the file comes from; no single "
            "encoding can read all of them"
        )
    return 'save the file as UTF-8, or name its encoding in the job: `encoding "windows-1252"`'
