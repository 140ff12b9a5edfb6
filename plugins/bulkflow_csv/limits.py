"""What one file, one record and one part may hold."""

from __future__ import annotations

from typing import Final

import attrs

PART_BYTES: Final = 100_000_000
"""Raw bytes that are safe for one job: the API takes 150 MB after base64 (guide v66)."""


@attrs.frozen
class PartLimit:
    """How large a part may get; a part is filled up to whichever limit comes first.

    Attributes:
        bytes: The most bytes of a part, its header included; None for no such limit.
        rows: The most data rows of a part; None for no such limit.
    """

    bytes: int | None = PART_BYTES
    rows: int | None = None

    def __attrs_post_init__(self) -> None:
        for limit in (self.bytes, self.rows):
            if limit is not None and limit < 1:
                raise ValueError(f"a part cannot be limited to {limit}")


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
