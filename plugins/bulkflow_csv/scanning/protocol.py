"""What a reader tells of one block of bytes after the other, whoever reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import attrs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow_csv.limits import FormatLimits


WORD_BYTES: Final = 64
"""Readers take so many bytes at a time, as the bits of one word."""


@attrs.frozen
class RowForm:
    """What must be known to read the rows of a file.

    Attributes:
        delimiter: The column delimiter, one character of ASCII.
        crlf: Lines end in CRLF rather than LF.
        columns: How many the header has.
        start: Byte offset in the file of the first row.
        limits: What the API takes.
    """

    delimiter: str
    crlf: bool
    columns: int
    start: int
    limits: FormatLimits


class EndReader(Protocol):
    """Finds the line feeds that end records, in one block after the other.

    After `read`, `records` and `last` tell of the block. Nothing is checked: they are right up to
    the first quote that stands where none may.
    """

    @property
    def buffer(self) -> bytearray:
        """Where the block's bytes are put before `read`; a positive multiple of 64 bytes."""

    @property
    def records(self) -> int:
        """How many records end in the block."""

    @property
    def last(self) -> int:
        """The position in the block of the last line feed that ends a record; -1 if none does."""

    def read(self, size: int) -> None:
        """Read the first `size` bytes of the buffer, all of it but for the last block."""


class BlockReader(EndReader, Protocol):
    """Finds the same, and whether there may be a fault."""

    @property
    def feeds(self) -> int:
        """How many line feeds the block has, those in quoted values too."""

    @property
    def suspect(self) -> bool:
        """There may be a fault in the block, or one that showed only now.

        It may be said without need, but is never missed.
        """

    def places(self) -> Sequence[int]:
        """The positions in the block of the line feeds that end records, ascending."""


class Readers(Protocol):
    """One way to read blocks, and the readers of it."""

    @property
    def block_size(self) -> int:
        """The bytes of a block that it is fastest with."""

    def ends(self, block_size: int) -> EndReader:
        """Make a reader that finds where records end, and checks nothing.

        Raises:
            ValueError: `block_size` is no positive multiple of 64.
        """

    def rows(self, form: RowForm, block_size: int) -> BlockReader:
        """Make a reader that checks the rows of a file.

        Raises:
            ValueError: `block_size` is no positive multiple of 64.
        """

    def count(self, data: bytes, byte: bytes) -> int:
        """How often a byte stands in some data."""


def check_block_size(size: int) -> int:
    """The size, if blocks may have it; raises `ValueError` if not."""
    if size < WORD_BYTES or size % WORD_BYTES:
        raise ValueError(f"block_size must be a positive multiple of {WORD_BYTES}, not {size}")
    return size
