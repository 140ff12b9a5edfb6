"""The outcomes of a row."""

from __future__ import annotations

from enum import IntEnum


class Outcome(IntEnum):
    """The outcome of a row; the join uses the number, saved files have the name in lower case."""

    LOADED = 0
    """It is in the org."""
    FAILED = 1
    """Salesforce refused it, with an error."""
    UNPROCESSED = 2
    """It was certainly never tried."""
    WITHHELD = 3
    """It was not sent, on purpose."""
    UNKNOWN = 4
    """Its part was handed over, and no result file has it. It may be loaded."""

    @property
    def label(self) -> str:
        """Its name in saved files."""
        return self.name.lower()
