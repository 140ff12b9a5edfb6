"""The compiled backend: the optional wheel bulkflow-scanner.

It gives the same results as `NumpyRowReader`, including `suspect`, and does not import numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen

import bulkflow_scanner
from bulkflow_csv.scanning.protocol import check_block_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow_csv.scanning.protocol import RowFormat

PROTOCOL: Final = 2
"""The version of the wheel's interface that this module uses."""


@frozen
class NativeBackend:
    """A `ReaderBackend` that uses bulkflow-scanner.

    Attributes:
        kernel: The kernel to use, one of `bulkflow_scanner.KERNELS`; None for the fastest.
    """

    kernel: str | None = None

    @property
    def block_size(self) -> int:
        """Small enough for the CPU cache, so the digests do not read from memory again."""
        return 1 << 18

    def make_end_reader(self, block_size: int) -> NativeEndReader:
        """Make a reader that finds record ends without validating."""
        return NativeEndReader(block_size, self.kernel)

    def make_row_reader(self, row_format: RowFormat, block_size: int) -> NativeRowReader:
        """Make a reader that validates the rows of a file."""
        return NativeRowReader(row_format, block_size, self.kernel)

    def count_byte(self, data: bytes, byte: bytes) -> int:
        """Count the occurrences of a byte."""
        return bulkflow_scanner.count_byte(data, ord(byte), self.kernel)


class NativeEndReader:
    """An `EndReader`.

    Attributes:
        buffer: The buffer that the caller fills before `read`.
        records: Number of records that end in the block.
        last: Position of the last line feed that ends a record; -1 if there is none.
    """

    def __init__(self, block_size: int, kernel: str | None) -> None:
        self.buffer: Final = bytearray(check_block_size(block_size))
        self.records = 0
        self.last = -1
        self._kernel: Final = kernel
        self._quoted = False

    def read(self, size: int) -> None:
        """Read the first `size` bytes of the buffer as the next block."""
        self.records, self.last, self._quoted = bulkflow_scanner.find_ends(
            self.buffer, size, self._quoted, self._kernel
        )


class NativeRowReader:
    """A `RowReader`.

    Attributes:
        buffer: The buffer that the caller fills before `read`.
        records: Number of records that end in the block.
        feeds: Number of line feeds in the block, including those in quoted values.
        last: Position of the last line feed that ends a record; -1 if there is none.
        suspect: Whether there may be an error in the block, or in the bytes before it.
    """

    def __init__(self, row_format: RowFormat, block_size: int, kernel: str | None) -> None:
        self.buffer: Final = bytearray(check_block_size(block_size))
        self.records = 0
        self.feeds = 0
        self.last = -1
        self.suspect = False
        self._scanner: Final = bulkflow_scanner.Scanner(
            row_format.delimiter,
            row_format.crlf,
            row_format.columns,
            row_format.start,
            row_format.limits.field,
            row_format.limits.record,
            kernel,
        )

    def read(self, size: int) -> None:
        """Read the first `size` bytes of the buffer as the next block."""
        found = self._scanner
        found.read(self.buffer, size)
        self.records, self.feeds = found.records, found.feeds
        self.last, self.suspect = found.last, found.suspect

    def list_record_ends(self) -> Sequence[int]:
        """List the positions of the line feeds that end records, in ascending order."""
        return self._scanner.list_record_ends()
