"""How long trouble of an org is waited out, as profiles and variables write it: `15m`."""

from __future__ import annotations

import re
from typing import Final

from bulkflow.errors import UsageError

PATIENCE: Final = "BULKFLOW_PATIENCE"
"""Environment variable: the patience with `org env`."""

_UNITS: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_TEXT: Final = re.compile(r"([0-9]{1,7})([smhd])")


def read_patience(text: str, what: str) -> float:
    """Read a duration, in seconds.

    Args:
        text: Such as `30s`, `15m`, `2h`, or `0s` for none.
        what: Where it was written, for the message.

    Raises:
        UsageError: It is not a duration.
    """
    found = _TEXT.fullmatch(text.strip())
    if not found:
        raise UsageError(
            f"{what} is not a duration: {text[:40]!a}", help="write it as 30s, 15m or 2h"
        )
    return float(int(found[1]) * _UNITS[found[2]])


def write_patience(seconds: float) -> str:
    """Write a duration so that `read_patience` reads it: in the largest unit that fits."""
    whole = round(seconds)
    unit = next(unit for unit, size in _UNITS.items() if whole % size == 0)
    return f"{whole // _UNITS[unit]}{unit}"
