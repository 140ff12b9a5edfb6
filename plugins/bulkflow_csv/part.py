"""A part: the range of a file that one ingest job uploads, preceded by the header."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from bulkflow_csv.body import PartBody

if TYPE_CHECKING:
    from bulkflow_csv.header import Header
    from bulkflow_csv.source import ByteSource, Stamp


@frozen
class PartRange:
    """The byte range of a part. Its body is the header followed by these bytes, unchanged.

    Attributes:
        source: The file.
        stamp: The state of the file that the offsets apply to.
        header: The header to send.
        index: The index of the part, from 0.
        start: Byte offset of its first row.
        end: Byte offset after its last row.
        first_row: Number of its first data row in the file, from 1.
        rows: Number of its data rows.
        first_line: Physical line of its first row, from 1.
        digest: The digest of these bytes, without the header.
    """

    source: ByteSource = field(repr=lambda source: repr(source.name))
    stamp: Stamp = field(repr=False)
    header: Header = field(repr=False)
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
        """Open the body for sending. Each call returns an independent body.

        Raises:
            CsvError: The file cannot be read, or changed since the scan.
        """
        return PartBody(self.source, self.stamp, self.header.raw, self.start, self.end)
