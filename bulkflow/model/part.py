"""A logical job's parts, and the counts that their rows end in."""

from __future__ import annotations

from attrs import frozen


@frozen
class Part:
    """One upload: a run of records of one source file, which becomes one job in the org.

    `start` and `end` are byte offsets in the file, without the header; `bytes` is what is sent, the
    header included. `first_row` counts the file's data rows from 1, `first_line` its lines.
    """

    index: int
    source: str
    start: int
    end: int
    first_row: int
    first_line: int
    rows: int
    bytes: int


@frozen
class Manifest:
    """What a job's source came to: every part, known before the first request."""

    parts: tuple[Part, ...]
    columns: tuple[str, ...]
    rows: int
    bytes: int
    notes: tuple[str, ...] = ()
    """What the user should know of the file: a byte order mark removed, the delimiter found."""


@frozen
class Counts:
    """How many rows ended where. `unprocessed` rows were never tried."""

    rows: int = 0
    loaded: int = 0
    failed: int = 0
    unprocessed: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.rows + other.rows,
            self.loaded + other.loaded,
            self.failed + other.failed,
            self.unprocessed + other.unprocessed,
        )
