"""Text of another encoding, written anew as UTF-8: block by block, in bounded memory.

Only the encoding changes. Rows, lines, quotes and line ends stay where they are, so that a line
number tells the same line in both files.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Final

from bulkflow_csv.errors import CsvError
from bulkflow_csv.rewriting.temp_copy import written_anew

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path

    from bulkflow_csv.source import ByteSource

_BLOCK: Final = 1 << 20


def is_encoding(name: str) -> bool:
    """Whether Python reads text of an encoding by this name."""
    try:
        b"a".decode(name, "ignore")
    except (LookupError, ValueError):
        return False
    return True


def recode(source: ByteSource, directory: Path, encoding: str) -> ByteSource:
    """Write a file anew as UTF-8; the copy is readable by its owner only.

    Args:
        source: The file.
        directory: An existing folder for the copy.
        encoding: What the file is written in, a name that `is_encoding` takes.

    Raises:
        CsvError: The file has bytes that the encoding has not, and where; it cannot be read; or the
            copy cannot be written. No copy is left.
    """
    return written_anew(
        source, directory, lambda file: _recoded(file, source.name, encoding), prefix="utf-8-"
    )


def undecodable(
    error: UnicodeError, encoding: str, name: str, *, taken: int, lines: int = 0
) -> CsvError:
    """The error for bytes that an encoding cannot read, with their place if the codec tells it.

    Args:
        error: What the codec says.
        encoding: Its name.
        name: The name of the file.
        taken: How many bytes of the file the codec has been given.
        lines: How many line ends are in what it made of them before.
    """
    other = "see which encoding the program that wrote the file uses, and name that one"
    if isinstance(error, UnicodeDecodeError):
        before = error.object[: error.start].decode(encoding, "replace")
        return CsvError(
            f"byte 0x{error.object[error.start]:02X} is not valid {encoding}",
            name=name,
            offset=taken - len(error.object) + error.start,
            line=1 + lines + before.count("\n"),
            help=other,
        )
    if isinstance(error, UnicodeEncodeError):
        return CsvError(
            f"the text that {encoding} makes of the file cannot be written as UTF-8",
            name=name,
            help=other,
        )
    # Some codecs say no more than that: utf-16 without a mark, punycode, idna.
    if re.fullmatch(r"u(tf)?[-_]?(16|32)", encoding, re.IGNORECASE):
        return CsvError(
            f"the file does not begin with a byte order mark, and {encoding} needs one",
            name=name,
            help=f'name the order of the bytes: `encoding "utf-{encoding[-2:]}-le"`, or `-be`',
        )
    return CsvError(f"the file is not {encoding}", name=name, help=other)


def _recoded(file: FileIO, name: str, encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    taken, lines = 0, 0
    while True:
        block = file.read(_BLOCK)
        taken += len(block)
        try:
            text = decoder.decode(block, final=not block).encode()
        except UnicodeError as error:
            raise undecodable(error, encoding, name, taken=taken, lines=lines) from error
        lines += text.count(b"\n")
        yield text
        if not block:
            return
