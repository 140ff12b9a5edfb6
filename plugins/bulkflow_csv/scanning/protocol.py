"""The interface of the backends that read blocks of CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow_csv.limits import FormatLimits


WORD_BYTES: Final = 64
"""Readers process this many bytes at a time, as the bits of one word."""


@frozen
class RowFormat:
    """The format of the rows of a file.

    Attributes:
        delimiter: The column delimiter, one ASCII character.
        crlf: Whether lines end in CRLF rather than LF.
        columns: The number of columns in the header.
        start: Byte offset of the first row in the file.
        limits: The limits of the API.
    """

    delimiter: str
    crlf: bool
    columns: int
    start: int
    limits: FormatLimits


class EndReader(Protocol):
    """Finds the line feeds that end records, block by block.

    After `read`, `records` and `last` describe the block. Nothing is validated: they are correct
    up to the first misplaced quote.
    """

    @property
    def buffer(self) -> bytearray:
        """The buffer that the caller fills before `read`; a positive multiple of 64 bytes."""

    @property
    def records(self) -> int:
        """Number of records that end in the block."""

    @property
    def last(self) -> int:
        """Position in the block of the last line feed that ends a record; -1 if there is none."""

    def read(self, size: int) -> None:
        """Read the first `size` bytes of the buffer; the whole buffer except for the last block."""


class RowReader(EndReader, Protocol):
    """An `EndReader` that also detects blocks that may contain an error."""

    @property
    def feeds(self) -> int:
        """Number of line feeds in the block, including those in quoted values."""

    @property
    def suspect(self) -> bool:
        """Whether there may be an error in the block, or in the bytes before it.

        It may be a false alarm, but no error is missed.
        """

    def list_record_ends(self) -> Sequence[int]:
        """List the positions of the line feeds that end records, in ascending order."""


class ReaderBackend(Protocol):
    """An implementation of the readers."""

    @property
    def block_size(self) -> int:
        """The fastest block size, in bytes."""

    def make_end_reader(self, block_size: int) -> EndReader:
        """Make a reader that finds record ends without validating.

        Raises:
            ValueError: `block_size` is not a positive multiple of 64.
        """

    def make_row_reader(self, row_format: RowFormat, block_size: int) -> RowReader:
        """Make a reader that validates the rows of a file.

        Raises:
            ValueError: `block_size` is not a positive multiple of 64.
        """

    def count_byte(self, data: bytes, byte: bytes) -> int:
        """Count the occurrences of a byte."""


def check_block_size(size: int) -> int:
    """Return the block size if it is valid. Raises `ValueError` if not."""
    if size < WORD_BYTES or size % WORD_BYTES:
        raise ValueError(f"block_size must be a positive multiple of {WORD_BYTES}, not {size}")
    return size
