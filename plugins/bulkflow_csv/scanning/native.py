"""The compiled way to read blocks: the wheel bulkflow-scanner, which nobody must install.

It answers what `Structure` answers, doubts included, and imports no numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

import bulkflow_scanner
from bulkflow_csv.scanning.protocol import check_block_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow_csv.scanning.protocol import RowForm

PROTOCOL: Final = 1
"""What the wheel must say of itself to be used: it counts the changes of what is asked of it."""


@attrs.frozen
class CompiledReaders:
    """Reads with bulkflow-scanner.

    Attributes:
        way: Which of `bulkflow_scanner.WAYS` is used; None for the fastest.
    """

    way: str | None = None

    @property
    def block_size(self) -> int:
        """Small enough to stay in the processor's cache, where the digests find it."""
        return 1 << 18

    def ends(self, block_size: int) -> CompiledEnds:
        """Make a reader that finds where records end, and checks nothing."""
        return CompiledEnds(block_size, self.way)

    def rows(self, form: RowForm, block_size: int) -> CompiledRows:
        """Make a reader that checks the rows of a file."""
        return CompiledRows(form, block_size, self.way)

    def count(self, data: bytes, byte: bytes) -> int:
        """How often a byte stands in some data."""
        return bulkflow_scanner.count(data, ord(byte), self.way)


class CompiledEnds:
    """An `EndReader`.

    Attributes:
        buffer: Where the block's bytes are put before `read`.
        records: How many records end in the block.
        last: The position of the last line feed that ends a record; -1 if none does.
    """

    def __init__(self, block_size: int, way: str | None) -> None:
        self.buffer: Final = bytearray(check_block_size(block_size))
        self.records = 0
        self.last = -1
        self._way: Final = way
        self._quoted = False

    def read(self, size: int) -> None:
        """Read the first `size` bytes of the buffer as the next block."""
        self.records, self.last, self._quoted = bulkflow_scanner.ends(
            self.buffer, size, self._quoted, self._way
        )


class CompiledRows:
    """A `BlockReader`.

    Attributes:
        buffer: Where the block's bytes are put before `read`.
        records: How many records end in the block.
        feeds: How many line feeds it has, those in quoted values too.
        last: The position of the last line feed that ends a record; -1 if none does.
        suspect: There may be a fault in it, or one that showed only now.
    """

    def __init__(self, form: RowForm, block_size: int, way: str | None) -> None:
        self.buffer: Final = bytearray(check_block_size(block_size))
        self.records = 0
        self.feeds = 0
        self.last = -1
        self.suspect = False
        self._scanner: Final = bulkflow_scanner.Scanner(
            form.delimiter,
            form.crlf,
            form.columns,
            form.start,
            form.limits.field,
            form.limits.record,
            way,
        )

    def read(self, size: int) -> None:
        """Read the first `size` bytes of the buffer as the next block."""
        found = self._scanner
        found.read(self.buffer, size)
        self.records, self.feeds = found.records, found.feeds
        self.last, self.suspect = found.last, found.suspect

    def places(self) -> Sequence[int]:
        """The positions in the block of the line feeds that end records, ascending."""
        return self._scanner.places()
