"""One record of a file as its bytes, and the places between records."""

from __future__ import annotations

import attrs


@attrs.frozen
class Mark:
    """A place between two records.

    Attributes:
        offset: Byte offset in the file of the next record's first byte.
        line: Physical line, from 1, of that byte.
        record: Number of the next record; 0 is the header, 1 the first data row.
    """

    offset: int
    line: int
    record: int


@attrs.frozen
class RawRecord:
    """One record as its bytes.

    Attributes:
        values: Its values as they stand in the file, quotes included.
        end: Index in the data just behind the record and its line end.
        line_end: The bytes that ended it, none at the end of the file.
    """

    values: tuple[bytes, ...]
    end: int
    line_end: bytes
