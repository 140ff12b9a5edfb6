"""The columns that bulkflow adds to saved rows, and leaves out when it loads them again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

SAVED_COLUMNS: Final = frozenset(
    {"_file", "_line", "_outcome", "_id", "_created", "_error", "_ambiguous"}
)
"""Names of fields never begin with an underscore."""

_ALWAYS: Final = frozenset({"_file", "_line", "_outcome"})


def count_source_columns(columns: Sequence[str]) -> int:
    """Return how many columns come before the columns that bulkflow added at the end.

    Columns with such names elsewhere, or only some of them, are the user's own.
    """
    start = len(columns)
    while start and columns[start - 1].lower() in SAVED_COLUMNS:
        start -= 1
    added = {each.lower() for each in columns[start:]}
    return start if added >= _ALWAYS else len(columns)
