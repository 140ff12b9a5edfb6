"""Counts of things in messages."""

from __future__ import annotations


def format_plural(number: int, noun: str) -> str:
    """Format a number of things: `1 row`, `10,000 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
