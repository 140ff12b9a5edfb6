"""Convert a file from another encoding to UTF-8, block by block, in constant memory.

Only the encoding changes. Rows, lines, quotes and line ends stay the same, so line numbers apply
to both files.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Final

from bulkflow_csv.errors import CsvError
from bulkflow_csv.rewriting.temp_copy import write_copy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path

    from bulkflow_csv.source import ByteSource

_BLOCK: Final = 1 << 20
_ADVICE: Final = "find out which encoding the program that wrote the file uses, and name that one"


def is_encoding(name: str) -> bool:
    """Return whether Python knows a text encoding of this name."""
    try:
        b"a".decode(name, "ignore")
    except (LookupError, ValueError):
        return False
    return True


def recode(source: ByteSource, directory: Path, encoding: str) -> ByteSource:
    """Write a copy of a file in UTF-8 that only its owner can read.

    Args:
        source: The file.
        directory: An existing folder for the copy.
        encoding: The encoding of the file, a name that `is_encoding` accepts.

    Raises:
        CsvError: The file contains bytes that are invalid in the encoding, the file cannot be
            read, or the copy cannot be written. No copy remains.
    """
    return write_copy(
        source, directory, lambda file: _recode_blocks(file, source.name, encoding), prefix="utf-8-"
    )


def make_decode_error(
    error: UnicodeError, encoding: str, name: str, *, taken: int, lines: int = 0
) -> CsvError:
    """Make the error for bytes that are invalid in an encoding, with their position if known.

    Args:
        error: What the codec raised.
        encoding: The name of the codec.
        name: The name of the file.
        taken: How many bytes of the file the codec has been given.
        lines: How many line ends are in the text that was decoded before.
    """
    if isinstance(error, UnicodeDecodeError):
        before = error.object[: error.start].decode(encoding, "replace")
        return CsvError(
            f"byte 0x{error.object[error.start]:02X} is not valid {encoding}",
            name=name,
            offset=taken - len(error.object) + error.start,
            line=1 + lines + before.count("\n"),
            help=_ADVICE,
        )
    if isinstance(error, UnicodeEncodeError):
        return CsvError(
            f"decoded as {encoding}, the file contains text that UTF-8 cannot encode",
            name=name,
            help=_ADVICE,
        )
    # Some codecs raise only UnicodeError: utf-16 without a byte order mark, punycode, idna.
    if re.fullmatch(r"u(tf)?[-_]?(16|32)", encoding, re.IGNORECASE):
        return CsvError(
            f"the file does not start with a byte order mark, which {encoding} requires",
            name=name,
            help=f'name the byte order: `encoding "utf-{encoding[-2:]}-le"` or '
            f'`encoding "utf-{encoding[-2:]}-be"`',
        )
    return CsvError(f"the file is not valid {encoding}", name=name, help=_ADVICE)


def _recode_blocks(file: FileIO, name: str, encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    taken, lines = 0, 0
    while True:
        block = file.read(_BLOCK)
        taken += len(block)
        try:
            text = decoder.decode(block, final=not block).encode()
        except UnicodeError as error:
            raise make_decode_error(error, encoding, name, taken=taken, lines=lines) from error
        lines += text.count(b"\n")
        yield text
        if not block:
            return
