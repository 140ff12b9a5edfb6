"""Numbers as people read them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow.model.part import Manifest


def format_count(number: int) -> str:
    """A whole number with thousands separators: `10,000`."""
    return f"{number:,}"


def format_plural(number: int, noun: str) -> str:
    """A number of things: `1 row`, `10,000 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


_NOT_LOADED: Final = {
    "failed": "failed",
    "unprocessed": "not processed",
    "withheld": "withheld",
    "unknown": "unknown",
}


def format_not_loaded(rows: Mapping[str, int]) -> dict[str, str]:
    """Rows that are not loaded, by what became of them: `{"unprocessed": "4 not processed"}`.

    The names are those of `bulkflow.model.part.NOT_LOADED`.
    """
    return {kind: f"{number:,} {_NOT_LOADED[kind]}" for kind, number in rows.items() if number}


def describe_unread(manifest: Manifest) -> str:
    """What is to be added to amounts that are those of a source's beginning only."""
    return "; the rest is read while it is sent" if manifest.more else ""


def format_size(number: int) -> str:
    """A number of bytes in decimal units: `512 bytes`, `12.3 kB`, `1.9 MB`, `2.40 GB`."""
    if number < 1000:
        return format_plural(number, "byte")
    if number < 999_950:
        return f"{number / 1e3:.1f} kB"
    if number < 999_950_000:
        return f"{number / 1e6:.1f} MB"
    return f"{number / 1e9:,.2f} GB"


def format_size_of(part: int, whole: int | None) -> str:
    """How many bytes of how many, in the unit of the whole: `0.2 of 1.9 MB`."""
    if whole is None:
        return format_size(part)
    total = format_size(whole)
    unit, digits = {"kB": (1e3, 1), "MB": (1e6, 1), "GB": (1e9, 2)}.get(total.split()[1], (1, 0))
    return f"{part / unit:,.{digits}f} of {total}"


def format_duration(seconds: float) -> str:
    """A time in its two largest units: `0.4 s`, `42 s`, `5 min 3 s`, `2 h 5 min`, `1 d 3 h`."""
    if not math.isfinite(seconds):
        return "unknown time"
    seconds = max(0.0, seconds)
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return _two(whole, 60, "min", 1, "s")
    if whole < 86400:
        return _two(whole, 3600, "h", 60, "min")
    return _two(whole, 86400, "d", 3600, "h")


def _two(seconds: int, large: int, large_name: str, small: int, small_name: str) -> str:
    first, rest = divmod(seconds, large)
    second = rest // small
    return f"{first:,} {large_name}" + (f" {second} {small_name}" if second else "")
