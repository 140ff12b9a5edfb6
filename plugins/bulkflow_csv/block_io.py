"""Read a file block by block into one reusable buffer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow_csv.errors import make_changed_error

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO


def read_blocks(
    file: FileIO, buffer: memoryview, start: int, end: int, *, name: str
) -> Iterator[tuple[int, memoryview]]:
    """Read the bytes from `start` to `end`. Each block is valid only until the next one is read.

    Args:
        file: An open file, positioned at byte `start`.
        buffer: Receives each block; every block but the last fills it.
        start: Byte offset of the first byte.
        end: Byte offset after the last byte.
        name: The file name as the user wrote it.

    Yields:
        The byte offset of a block, and the slice of the buffer that holds it.

    Raises:
        CsvError: The file ends before `end`.
    """
    for offset in range(start, end, len(buffer)):
        block = buffer[: min(len(buffer), end - offset)]
        read_exactly(file, block, name=name)
        yield offset, block


def read_exactly(file: FileIO, buffer: memoryview, *, name: str) -> None:
    """Fill the whole buffer from the file. Raises `CsvError` if the file ends first."""
    filled = 0
    while filled < len(buffer):
        got = file.readinto(buffer[filled:])
        if not got:
            raise make_changed_error(name, "it got shorter")
        filled += got
