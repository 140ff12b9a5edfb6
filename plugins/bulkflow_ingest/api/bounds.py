"""How much is taken of what an org says of its jobs: every bound of them, with its reason."""

from __future__ import annotations

from typing import Final

MOST_PAGE_JOBS: Final = 5_000
"""Jobs of one page: Salesforce gives 1,000."""

MOST_PAGES: Final = 2_000
"""Pages of one list of jobs: a page has up to 1,000 jobs, and each costs the org a request."""

MOST_JOBS: Final = 150_000
"""Jobs of one list: at 15,000 batches a day, and a batch or more each, an org keeps 105,000 for
the seven days that Salesforce does."""

MOST_LIST_BYTES: Final = 128 << 20
"""Of all pages of one list: so many jobs of 600 bytes each, and half as much again."""

MOST_RECORDS: Final = 10**10
"""Records that a job may count: an org takes 150 million a day, and keeps a job for seven."""

MOST_STATE: Final = 40
"""Characters of a state: the longest that is known has 14."""

MOST_ORPHANS: Final = 20
"""Open jobs that may be left of creates without an answer, which are looked at and named: each
costs the org a request, and the user a warning."""

ROW_BYTES: Final = 64
"""What a result has for a row beside its values: an id, `true` or `false`, their quotes, and the
end of the line; half as much again."""

ERROR_BYTES: Final = 8 << 10
"""The error of a failed row, on average: rules and flows say some hundred characters, an Apex
exception with its stack some thousand."""

LEAST_RESULT_BYTES: Final = 4 << 20
"""Of a result, however few rows were sent: some of them may have very long errors."""


def most_result_bytes(rows: int, sent: int, *, errors: bool) -> int:
    """How many bytes a result of a job may have, once it is unpacked.

    A result has each value that was sent in quotes. A quote or line end in a value becomes two
    characters, and each value, of which there are no more than bytes and rows, gets two quotes.

    Args:
        rows: The rows that were sent.
        sent: The bytes that were sent, uncompressed.
        errors: Whether it has the error of each row.
    """
    added = ROW_BYTES + (ERROR_BYTES if errors else 0)
    return max(LEAST_RESULT_BYTES, 2 * sent + 2 * (sent + rows) + rows * added)
