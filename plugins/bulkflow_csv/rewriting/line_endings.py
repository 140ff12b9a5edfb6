"""Mixed line ends, made one: the API takes a file whose line breaks are all of one kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow_csv.dialect import LINE_ENDINGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO

    from bulkflow_csv.source import ByteSource

_BLOCK: Final = 1 << 20


def line_end_to_mend(source: ByteSource, wanted: str | None = None) -> str | None:
    """The line end, "LF" or "CRLF", that a file needs to be given; None if it is fit as it is.

    It is the one that leaves the line breaks inside quotes as they are: CRLF, if these all are
    that, and LF else.

    Args:
        source: The file, in UTF-8.
        wanted: The line end that it must have, if the user names it.

    Raises:
        CsvError: The file cannot be read.
    """
    with source.open() as file:
        feeds, pairs, returns = _count(_blocks(file))
    if sum(1 for number in (feeds, pairs, returns) if number) < 2 and not returns:
        found = "CRLF" if pairs else "LF"
        return None if wanted in {None, found} or not feeds + pairs else wanted
    if wanted is not None:
        return wanted
    with source.open() as file:
        feeds, pairs, returns = _count(_quoted(_blocks(file)))
    return "CRLF" if pairs and not feeds + returns else "LF"


def mended(file: FileIO, line_ending: str) -> Iterator[bytes]:
    """An open file with all line breaks of one kind, those in quotes too; a block at a time."""
    line_end = LINE_ENDINGS[line_ending].encode()
    for block in _blocks(file):
        data = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        yield data if line_end == b"\n" else data.replace(b"\n", line_end)


def _blocks(file: FileIO) -> Iterator[bytes]:
    """The bytes of a file; no pair of CR and LF is torn."""
    held = b""
    while block := file.read(_BLOCK):
        data = held + block
        held = data[-1:] if data.endswith(b"\r") else b""
        yield data[: len(data) - len(held)]
    yield held


def _quoted(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """What is in quotes."""
    inside = False
    for block in blocks:
        pieces = block.split(b'"')
        yield b'"'.join(pieces[not inside :: 2])
        inside ^= len(pieces) % 2 == 0


def _count(blocks: Iterator[bytes]) -> tuple[int, int, int]:
    """How many line breaks are LF, CRLF and CR."""
    feeds = pairs = returns = 0
    for block in blocks:
        both = block.count(b"\r\n")
        pairs += both
        feeds += block.count(b"\n") - both
        returns += block.count(b"\r") - both
    return feeds, pairs, returns
