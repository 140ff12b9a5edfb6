"""Size limits of a file, a record and a part."""

from __future__ import annotations

from typing import Final

from attrs import frozen

PART_BYTES: Final = 100_000_000
"""Raw bytes that are safe for one job: the API accepts 150 MB after base64 encoding (guide v66)."""

LEAST_BALANCED_BYTES: Final = 1_000_000
"""Balancing makes no part smaller than this. A job costs four requests, which take about as long
as sending a megabyte on a slow line."""


@frozen
class PartLimit:
    """The maximum size of a part. A part is filled until it reaches the first of the limits.

    Attributes:
        bytes: Maximum bytes of a part, including its header; None for no limit.
        rows: Maximum data rows of a part; None for no limit.
        multiple: Make the parts of a file equally large, and their number a multiple of this if
            the file is large enough; None to fill each part.
        least: Minimum bytes of a part that is made smaller to reach that multiple.
    """

    bytes: int | None = PART_BYTES
    rows: int | None = None
    multiple: int | None = None
    least: int = LEAST_BALANCED_BYTES

    def __attrs_post_init__(self) -> None:
        for limit in (self.bytes, self.rows, self.multiple, self.least):
            if limit is not None and limit < 1:
                raise ValueError(f"a part cannot be limited to {limit}")

    def count_shares(self, size: int, room: int | None) -> int:
        """Count the equal parts that the rows are divided into; 1 if parts are simply filled.

        Args:
            size: Bytes of all rows.
            room: Bytes of rows that fit into a part; None for no limit.
        """
        if self.multiple is None:
            return 1
        # A share may turn out one record longer and must still fit.
        needed = 1 if room is None else max(1, -(-size // max(1, room - room // _SLACK)))
        rounded = -(-needed // self.multiple) * self.multiple
        # If parts are limited to less than the minimum, half a part is large enough.
        least = self.least if room is None else min(self.least, max(1, room // 2))
        return max(needed, min(rounded, size // least))


_SLACK: Final = 64


@frozen
class FormatLimits:
    """Limits of the API for one CSV file (limits cheat sheet and guide v66), in characters.

    Attributes:
        field: Characters of one value, without its quotes.
        record: Characters of one record, without its line end.
        columns: Columns of the header.
        header: Characters of the header, without its line end.
    """

    field: int = 131_072
    record: int = 400_000
    columns: int = 5_000
    header: int = 32_000
