"""Processing speeds as text: `immediately`, `3 polls`, `10s`, `500 rows/s`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bulkflow.errors import UsageError
from bulkflow_sandbox.jobs.processing_speed import AfterPolls, AfterTime, Immediately, RowsPerSecond

if TYPE_CHECKING:
    from bulkflow_sandbox.jobs.processing_speed import ProcessingSpeed

_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_POLLS: Final = re.compile(r"(\d{1,9}) *polls?")
_TIME: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?) *(ms|s|m|h)")
_RATE: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?) *rows? *(?:/|per) *s(?:econd)?")


def read_speed(text: str) -> ProcessingSpeed:
    """Read a processing speed.

    Raises:
        UsageError: The text is not a processing speed.
    """
    words = text.strip().lower()
    if words == "immediately":
        return Immediately()
    if match := _POLLS.fullmatch(words):
        return AfterPolls(int(match[1]))
    if (seconds := read_seconds(words)) is not None:
        return AfterTime(seconds)
    if (match := _RATE.fullmatch(words)) and float(match[1]) > 0:
        return RowsPerSecond(float(match[1]))
    raise UsageError(
        f"unknown processing speed {text[:200]!r}",
        help="write `immediately`, `3 polls`, `10s` or `500 rows/s`",
    )


def read_seconds(text: str) -> float | None:
    """Read a duration such as `10s`, `1.5 m` or `250ms` in seconds; `None` if it is invalid."""
    match = _TIME.fullmatch(text)
    return float(match[1]) * _SECONDS[match[2]] if match else None


def format_speed(speed: ProcessingSpeed) -> str:
    """Format a processing speed as text. An unknown class is formatted as its name."""
    match speed:
        case Immediately():
            return "immediately"
        case AfterPolls(polls):
            return f"{polls} poll{'' if polls == 1 else 's'}"
        case AfterTime(processing, queued):
            return f"{processing + queued:g}s"
        case RowsPerSecond(rate):
            return f"{rate:g} rows/s"
        case _:
            return type(speed).__name__
