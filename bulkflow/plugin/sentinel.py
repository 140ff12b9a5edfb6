"""A setting whose value is not known before the run gets there."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Unknown(Enum):
    """The type of `UNKNOWN`, which is its only member."""

    VALUE = "unknown"


UNKNOWN: Final = Unknown.VALUE
"""Stands for a value that holds a loop's variable, or an environment variable that is not set."""
