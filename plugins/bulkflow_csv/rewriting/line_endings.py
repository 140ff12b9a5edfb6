"""Normalize mixed line endings: the API requires all line breaks of a file to be the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow_csv.dialect import LINE_ENDINGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO

    from bulkflow_csv.source import ByteSource

_BLOCK: Final = 1 << 20


def choose_line_ending(source: ByteSource, wanted: str | None = None) -> str | None:
    """Choose the line ending, "LF" or "CRLF", to convert a file to; None if it needs none.

    The choice preserves the line breaks inside quotes if possible: CRLF if all of them are CRLF,
    otherwise LF.

    Args:
        source: The file, in UTF-8.
        wanted: The line ending that the user specified, if any.

    Raises:
        CsvError: The file cannot be read.
    """
    with source.open() as file:
        feeds, pairs, returns = _count_line_breaks(_read_blocks(file))
    if sum(1 for number in (feeds, pairs, returns) if number) < 2 and not returns:
        found = "CRLF" if pairs else "LF"
        return None if wanted in {None, found} or not feeds + pairs else wanted
    if wanted is not None:
        return wanted
    with source.open() as file:
        feeds, pairs, returns = _count_line_breaks(_extract_quoted(_read_blocks(file)))
    return "CRLF" if pairs and not feeds + returns else "LF"


def normalize_line_endings(file: FileIO, line_ending: str) -> Iterator[bytes]:
    """Read an open file block by block with all line breaks converted, also inside quotes."""
    line_end = LINE_ENDINGS[line_ending].encode()
    for block in _read_blocks(file):
        data = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        yield data if line_end == b"\n" else data.replace(b"\n", line_end)


def _read_blocks(file: FileIO) -> Iterator[bytes]:
    """Read the bytes of a file without splitting a CRLF across blocks."""
    held = b""
    while block := file.read(_BLOCK):
        data = held + block
        held = data[-1:] if data.endswith(b"\r") else b""
        yield data[: len(data) - len(held)]
    yield held


def _extract_quoted(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield only the bytes inside quotes."""
    inside = False
    for block in blocks:
        pieces = block.split(b'"')
        yield b'"'.join(pieces[not inside :: 2])
        inside ^= len(pieces) % 2 == 0


def _count_line_breaks(blocks: Iterator[bytes]) -> tuple[int, int, int]:
    """Count the line breaks that are LF, CRLF and lone CR."""
    feeds = pairs = returns = 0
    for block in blocks:
        both = block.count(b"\r\n")
        pairs += both
        feeds += block.count(b"\n") - both
        returns += block.count(b"\r") - both
    return feeds, pairs, returns
