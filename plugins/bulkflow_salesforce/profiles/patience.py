"""Patience: how long to wait out transient failures, written like `15m` in profiles."""

from __future__ import annotations

import re
from typing import Final

from bulkflow.errors import UsageError

PATIENCE: Final = "BULKFLOW_PATIENCE"
"""Environment variable: the patience of `org env`."""

_UNITS: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_TEXT: Final = re.compile(r"([0-9]{1,7})([smhd])")


def parse_patience(text: str, what: str) -> float:
    """Parse a duration to seconds.

    Args:
        text: Such as `30s`, `15m`, `2h`, or `0s` for none.
        what: The name of the setting, for the message.

    Raises:
        UsageError: It is not a duration.
    """
    found = _TEXT.fullmatch(text.strip())
    if not found:
        raise UsageError(
            f"{what} is not a duration: {text[:40]!a}", help="write it as 30s, 15m or 2h"
        )
    return float(int(found[1]) * _UNITS[found[2]])


def format_patience(seconds: float) -> str:
    """Format a duration for `parse_patience`, in the largest unit without a fraction."""
    whole = round(seconds)
    unit = next(unit for unit, size in _UNITS.items() if whole % size == 0)
    return f"{whole // _UNITS[unit]}{unit}"
