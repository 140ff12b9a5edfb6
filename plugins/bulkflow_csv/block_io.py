"""A file's bytes, one block after the other in one buffer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow_csv.errors import file_changed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO


def blocks(
    file: FileIO, buffer: memoryview, start: int, end: int, *, name: str
) -> Iterator[tuple[int, memoryview]]:
    """Read the bytes from `start` to `end`; each block is gone when the next one is asked for.

    Args:
        file: An open file, at byte `start`.
        buffer: Where the blocks are put; each but the last fills it.
        start: Byte offset of the first byte.
        end: Byte offset behind the last one.
        name: The file, as the user knows it.

    Yields:
        The byte offset of a block, and its part of the buffer.

    Raises:
        CsvError: The file ends before `end`.
    """
    for offset in range(start, end, len(buffer)):
        block = buffer[: min(len(buffer), end - offset)]
        fill(file, block, name=name)
        yield offset, block


def fill(file: FileIO, buffer: memoryview, *, name: str) -> None:
    """Read as many bytes as the buffer has. Raises `CsvError` if the file ends before."""
    filled = 0
    while filled < len(buffer):
        got = file.readinto(buffer[filled:])
        if not got:
            raise file_changed(name, "it is shorter than it was")
        filled += got
