"""A part: the stretch of a file that one ingest job takes, with the header before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from bulkflow_csv.body import PartBody

if TYPE_CHECKING:
    from bulkflow_csv.header import Header
    from bulkflow_csv.source import ByteSource, Stamp


@attrs.frozen
class PartRange:
    """Where the rows of a part are; its body is the header and then these bytes, unchanged.

    Attributes:
        source: The file.
        stamp: The state of the file that the offsets are right for.
        header: The file's header.
        index: Which part it is, from 0.
        start: Byte offset in the file of its first row.
        end: Byte offset behind its last row.
        first_row: The number of its first data row in the file, from 1.
        rows: How many data rows it has.
        first_line: The physical line of its first row, from 1.
        digest: The digest of these bytes, without the header.
    """

    source: ByteSource = attrs.field(repr=lambda source: repr(source.name))
    stamp: Stamp = attrs.field(repr=False)
    header: Header = attrs.field(repr=False)
    index: int
    start: int
    end: int
    first_row: int
    rows: int
    first_line: int
    digest: str

    @property
    def size(self) -> int:
        """Bytes of the body: header and rows."""
        return self.header.size + self.end - self.start

    def open(self) -> PartBody:
        """Open the body for sending; each call gives an independent one.

        Raises:
            CsvError: The file cannot be read, or changed since it was scanned.
        """
        return PartBody(self.source, self.stamp, self.header.raw, self.start, self.end)
