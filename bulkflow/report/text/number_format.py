"""Formats numbers for people."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from bulkflow.model.plural import format_plural as format_plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow.model.part import Manifest


def format_count(number: int) -> str:
    """Format a whole number with thousands separators: `10,000`."""
    return f"{number:,}"


_NOT_LOADED: Final = {
    "failed": "failed",
    "unprocessed": "not processed",
    "withheld": "withheld",
    "unknown": "unknown",
}


def format_not_loaded(rows: Mapping[str, int]) -> dict[str, str]:
    """Format rows that were not loaded, by outcome: `{"unprocessed": "4 not processed"}`.

    The keys are those of `bulkflow.model.part.NOT_LOADED`. Zeros are omitted.
    """
    return {kind: f"{number:,} {_NOT_LOADED[kind]}" for kind, number in rows.items() if number}


def describe_unread(manifest: Manifest) -> str:
    """Describe what follows amounts that cover only the beginning of a source."""
    return "; the rest is read while sending" if manifest.more else ""


def format_size(number: int) -> str:
    """Format bytes in decimal units: `512 bytes`, `12.3 kB`, `1.9 MB`, `2.40 GB`."""
    if number < 1000:
        return format_plural(number, "byte")
    if number < 999_950:
        return f"{number / 1e3:.1f} kB"
    if number < 999_950_000:
        return f"{number / 1e6:.1f} MB"
    return f"{number / 1e9:,.2f} GB"


def format_size_of(part: int, whole: int | None) -> str:
    """Format bytes of a total, in the unit of the total: `0.2 of 1.9 MB`."""
    if whole is None:
        return format_size(part)
    total = format_size(whole)
    unit, digits = {"kB": (1e3, 1), "MB": (1e6, 1), "GB": (1e9, 2)}.get(total.split()[1], (1, 0))
    return f"{part / unit:,.{digits}f} of {total}"


def format_duration(seconds: float) -> str:
    """Format a duration in its two largest units: `0.4 s`, `42 s`, `5 min 3 s`, `2 h 5 min`."""
    if not math.isfinite(seconds):
        return "unknown time"
    seconds = max(0.0, seconds)
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return _join_units(whole, 60, "min", 1, "s")
    if whole < 86400:
        return _join_units(whole, 3600, "h", 60, "min")
    return _join_units(whole, 86400, "d", 3600, "h")


def _join_units(seconds: int, large: int, large_name: str, small: int, small_name: str) -> str:
    first, rest = divmod(seconds, large)
    second = rest // small
    return f"{first:,} {large_name}" + (f" {second} {small_name}" if second else "")
