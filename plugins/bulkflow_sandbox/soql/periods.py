"""Date literals such as `TODAY` and `LAST_N_DAYS:30`, resolved to days.

A span is half-open: its first day, and the day after its last. Date literals mean the same as in
the SOQL guide. Days begin at midnight UTC, and fiscal years are calendar years.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

Span = tuple[date, date]

_DAY: Final = timedelta(days=1)
_COUNTED: Final = re.compile(r"(LAST|NEXT)_N_(?:FISCAL_)?(DAY|WEEK|MONTH|QUARTER|YEAR)S:(\d+)")
_AGO: Final = re.compile(r"N_(?:FISCAL_)?(DAY|WEEK|MONTH|QUARTER|YEAR)S_AGO:(\d+)")
_SINGLE: Final = re.compile(r"(LAST|THIS|NEXT)_(?:FISCAL_)?(WEEK|MONTH|QUARTER|YEAR)")
_NEAR_DAYS: Final = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}
_SHIFTS: Final = {"LAST": -1, "THIS": 0, "NEXT": 1}
_MONTHS: Final = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}


def resolve_period(name: str, today: date, *, week_starts: int) -> Span | None:
    """Resolve a date literal; return `None` if it is unknown or outside of the calendar.

    Args:
        name: The date literal in any case, including its number.
        today: The present day.
        week_starts: The first day of the week, from 0 for Monday to 6 for Sunday.
    """
    starts = _make_start_of(today, week_starts)
    try:
        return _resolve(name.upper(), today, starts)
    except (OverflowError, ValueError):
        return None


def _resolve(name: str, today: date, start_of: Callable[[str, int], date]) -> Span | None:
    if name in _NEAR_DAYS:
        day = today + _NEAR_DAYS[name] * _DAY
        return day, day + _DAY
    if name == "LAST_90_DAYS":
        return today - 90 * _DAY, today + _DAY
    if name == "NEXT_90_DAYS":
        return today + _DAY, today + 91 * _DAY
    if match := _SINGLE.fullmatch(name):
        shift = _SHIFTS[match[1]]
        return start_of(match[2], shift), start_of(match[2], shift + 1)
    if match := _AGO.fullmatch(name):
        count = int(match[2])
        return start_of(match[1], -count), start_of(match[1], 1 - count)
    if match := _COUNTED.fullmatch(name):
        unit, count = match[2], int(match[3])
        if match[1] == "NEXT":
            return start_of(unit, 1), start_of(unit, 1 + count)
        # LAST_N_DAYS includes today. The literals of longer units exclude the present unit.
        return start_of(unit, -count), start_of(unit, 1 if unit == "DAY" else 0)
    return None


def _make_start_of(today: date, week_starts: int) -> Callable[[str, int], date]:
    """Make a function that returns the first day of a unit, by its distance from the present."""

    def start_of(unit: str, shift: int) -> date:
        if unit == "DAY":
            return today + shift * _DAY
        if unit == "WEEK":
            first = today - ((today.weekday() - week_starts) % 7) * _DAY
            return first + 7 * shift * _DAY
        months = _MONTHS[unit]
        whole = (today.year * 12 + today.month - 1) // months + shift
        year, month = divmod(whole * months, 12)
        return date(year, month + 1, 1)

    return start_of
