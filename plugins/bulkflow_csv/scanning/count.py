"""Count the records of a file without validating them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow_csv.block_io import read_blocks
from bulkflow_csv.scanning.select import select_backend

if TYPE_CHECKING:
    from bulkflow_csv.scanning.protocol import ReaderBackend
    from bulkflow_csv.source import ByteSource


class RecordCounter:
    """Counts the records of bytes that pass through its buffer.

    A record ends with a line feed outside of quotes. Nothing is validated.
    """

    def __init__(self) -> None:
        backend = select_backend()
        self._reader = backend.make_end_reader(backend.block_size)
        self.buffer = memoryview(self._reader.buffer)
        """Where to put the next bytes. All but the last block have to fill it."""

    def count(self, size: int) -> int:
        """Return how many records end in the first `size` bytes of the buffer."""
        self._reader.read(size)
        return self._reader.records


def count_records(
    source: ByteSource, *, block_size: int | None = None, backend: ReaderBackend | None = None
) -> int:
    """Count the records of a file, including its header, by the line feeds that end them.

    Nothing is validated: blank lines count as records, and the count is correct only if `scan`
    finds no error. The last record may lack a line feed.

    Args:
        source: The file.
        block_size: Bytes of a block, a multiple of 64; the backend's own if not given.
        backend: Reads the blocks; the fastest if not given. All backends give the same results.

    Raises:
        CsvError: The file cannot be read, or gets shorter meanwhile.
    """
    backend = backend or select_backend()
    reader = backend.make_end_reader(backend.block_size if block_size is None else block_size)
    view = memoryview(reader.buffer)
    records, last = 0, -1
    with source.open() as file:
        end = source.read_stamp(file).size
        for offset, block in read_blocks(file, view, 0, end, name=source.name):
            reader.read(len(block))
            records += reader.records
            last = offset + reader.last if reader.last >= 0 else last
    return records + int(last + 1 < end)
