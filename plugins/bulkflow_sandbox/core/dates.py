"""Reads and formats dates, times and numbers as Salesforce and the store write them.

The store has a date as `2026-11-22` and a time as `2026-11-22T01:02:03.004Z`. Both sort as text.
JSON bodies have `+0000` instead of the `Z` (recorded).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

_DATE: Final = re.compile(r"(\d{4}-\d{2}-\d{2})Z?", re.ASCII)
_MOMENT: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?", re.ASCII
)


def format_moment(moment: datetime) -> str:
    """Format a time for the store: UTC, milliseconds, `Z`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def format_json_moment(stored: str) -> str:
    """Format a time of the store for a JSON body: `2024-09-09T20:41:31.000+0000`."""
    return stored.removesuffix("Z") + "+0000"


def parse_moment(stored: str) -> datetime:
    """Parse a time of the store."""
    return datetime.fromisoformat(stored)


def read_date(text: str) -> str | None:
    """Read a date of an upload, in the store's form; `None` if it is not valid.

    The form is `yyyy-MM-dd`. A trailing `Z` is accepted (a sample of the guide has it).
    """
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    try:
        date.fromisoformat(match[1])
    except ValueError:
        return None
    return match[1]


def read_moment(text: str) -> str | None:
    """Read a date and time of an upload, in the store's form; `None` if it is not valid.

    The form is `yyyy-MM-ddTHH:mm:ss`, an optional fraction, then `Z` or an offset (guide). Without
    a time zone, it is UTC.
    """
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    try:
        moment = datetime.fromisoformat(match[1] + (match[3] or "Z"))
    except ValueError:
        return None
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        return None
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{(match[2] or '')[:3]:0<3}Z"


def format_java_double(number: float) -> str:
    """Format a number like Java's `Double.toString`: `9.12260031E8`, `800.0` (guide sample)."""
    if number == 0 or 1e-3 <= abs(number) < 1e7:
        return repr(number)
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    assert isinstance(exponent, int), "uploads hold finite numbers only"
    text = "".join(map(str, digits))
    return f"{'-' if sign else ''}{text[0]}.{text[1:] or '0'}E{exponent + len(digits) - 1}"
