"""The least that a pass can do: find where records end, and count them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow_csv.block_io import blocks
from bulkflow_csv.scanning.select import fastest_readers

if TYPE_CHECKING:
    from bulkflow_csv.scanning.protocol import Readers
    from bulkflow_csv.source import ByteSource


def count_records(
    source: ByteSource, *, block_size: int | None = None, readers: Readers | None = None
) -> int:
    """Count the records of a file, its header included, by the line feeds that end them.

    Nothing is checked: blank lines are records, and the count is right if `scan` finds no fault.
    A last record needs no line feed.

    Args:
        source: The file.
        block_size: Bytes of a block, a multiple of 64; what suits the readers if not given.
        readers: Who reads the blocks; the fastest if not given. All of them find the same.

    Raises:
        CsvError: The file cannot be read, or gets shorter meanwhile.
    """
    readers = readers or fastest_readers()
    found = readers.ends(readers.block_size if block_size is None else block_size)
    view = memoryview(found.buffer)
    records, last = 0, -1
    with source.open() as file:
        end = source.stamp(file).size
        for offset, block in blocks(file, view, 0, end, name=source.name):
            found.read(len(block))
            records += found.records
            last = offset + found.last if found.last >= 0 else last
    return records + int(last + 1 < end)
