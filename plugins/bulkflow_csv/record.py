"""A record as raw bytes, and positions between records."""

from __future__ import annotations

from attrs import frozen


@frozen
class RecordPosition:
    """A position between two records.

    Attributes:
        offset: Byte offset of the next record.
        line: Physical line of that byte, from 1.
        record: Number of the next record; 0 is the header, 1 the first data row.
    """

    offset: int
    line: int
    record: int


@frozen
class RawRecord:
    """A record as raw bytes.

    Attributes:
        values: Its values as written in the file, including quotes.
        end: Index in the data after the record and its line end.
        line_end: The bytes that end it; empty at the end of the file.
    """

    values: tuple[bytes, ...]
    end: int
    line_end: bytes
