"""The most that is read of the results of a job, each bound with its reason."""

from __future__ import annotations

from typing import Final

MAX_ORPHANS: Final = 20
"""Open jobs, possibly left by creates without a response, that are checked and reported: each costs
the org a request, and the user a warning."""

ROW_BYTES: Final = 64
"""What a result adds to the values of a row: an id, `true` or `false`, their quotes, and the end of
the line; half as much again."""

ERROR_BYTES: Final = 8 << 10
"""The error of a failed row, on average: rules and flows write some hundred characters, an Apex
exception with its stack trace some thousand."""

MIN_RESULT_BYTES: Final = 4 << 20
"""The smallest bound of a result, because even few rows may have very long errors."""


def compute_max_result_bytes(rows: int, sent: int, *, errors: bool) -> int:
    """Compute how many bytes a job's result may have, uncompressed.

    A result has each value that was sent in quotes. A quote or line break in a value becomes two
    characters. There are at most as many values as bytes and rows, and each gets two quotes.

    Args:
        rows: The rows that were sent.
        sent: The bytes that were sent, uncompressed.
        errors: Whether it has the error of each row.
    """
    added = ROW_BYTES + (ERROR_BYTES if errors else 0)
    return max(MIN_RESULT_BYTES, 2 * sent + 2 * (sent + rows) + rows * added)
