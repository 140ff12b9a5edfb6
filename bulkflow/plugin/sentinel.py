"""A placeholder for settings whose value is known only during the run."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Unknown(Enum):
    """The type of `UNKNOWN`, its only member."""

    VALUE = "unknown"


UNKNOWN: Final = Unknown.VALUE
"""A value that contains a loop's variable, or an environment variable that is not set."""
