"""What one file, one record and one part may hold."""

from __future__ import annotations

from typing import Final

import attrs

PART_BYTES: Final = 100_000_000
"""Raw bytes that are safe for one job: the API takes 150 MB after base64 (guide v66)."""

LEAST_BALANCED_BYTES: Final = 1_000_000
"""A balanced part is not made smaller than this for the sake of connections: a job costs four
requests, which take about as long as a megabyte does on a slow line."""


@attrs.frozen
class PartLimit:
    """How large a part may get; a part is filled up to whichever limit comes first.

    Attributes:
        bytes: The most bytes of a part, its header included; None for no such limit.
        rows: The most data rows of a part; None for no such limit.
        multiple: Make the parts of a file alike, and their number a multiple of this where the
            file is large enough; None to fill each part.
        least: Bytes below which a part is not made smaller to reach that multiple.
    """

    bytes: int | None = PART_BYTES
    rows: int | None = None
    multiple: int | None = None
    least: int = LEAST_BALANCED_BYTES

    def __attrs_post_init__(self) -> None:
        for limit in (self.bytes, self.rows, self.multiple, self.least):
            if limit is not None and limit < 1:
                raise ValueError(f"a part cannot be limited to {limit}")

    def shares(self, size: int, room: int | None) -> int:
        """How many parts of one size so many bytes of rows make; 1 where parts are just filled.

        Args:
            size: Bytes of all rows.
            room: Bytes of rows that fit into a part; None for any number.
        """
        if self.multiple is None:
            return 1
        # A share may come out longer by a record, and is to fit even then.
        needed = 1 if room is None else max(1, -(-size // max(1, room - room // _SLACK)))
        rounded = -(-needed // self.multiple) * self.multiple
        # Where parts are to be small, half of one is not too small.
        least = self.least if room is None else min(self.least, max(1, room // 2))
        return max(needed, min(rounded, size // least))


_SLACK: Final = 64


@attrs.frozen
class FormatLimits:
    """What the API takes of one CSV file (limits cheat sheet and guide v66), in characters.

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
