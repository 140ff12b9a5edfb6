"""Suggests a known name for an unknown one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LIKE = 0.6
"""How similar two names must be, from 0 to 1 (`difflib`'s ratio)."""


def find_nearest(
    name: str,
    known: Iterable[str],
    *,
    plain: Callable[[str], str] = str.casefold,
    like: float = LIKE,
) -> str | None:
    """Find the known name that is most similar to `name`; the first of equally similar ones.

    Args:
        name: What was written.
        known: The candidates.
        plain: Normalizes a name before comparing; ignores case by default.
        like: The required similarity.
    """
    # Imported here because most files need no suggestion.
    from difflib import get_close_matches

    by_plain: dict[str, str] = {}
    for each in known:
        by_plain.setdefault(plain(each), each)
    found = get_close_matches(plain(name), by_plain, n=1, cutoff=like)
    return by_plain[found[0]] if found else None


def format_suggestion(near: str | None) -> str | None:
    """Format a suggestion as help; None if there is none."""
    return f"did you mean `{near}`?" if near else None
