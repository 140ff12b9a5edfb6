"""The nearest known name to one that is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LIKE = 0.6
"""How like two names must be, from 0 to 1 (`difflib`'s ratio)."""


def find_nearest(
    name: str,
    known: Iterable[str],
    *,
    plain: Callable[[str], str] = str.casefold,
    like: float = LIKE,
) -> str | None:
    """The known name that is most like `name`, if any is; of equal ones, the first.

    Args:
        name: What was written.
        known: What may have been meant.
        plain: What of a name counts; upper and lower case do not, unless this says otherwise.
        like: How like it must be.
    """
    # Here, as most files are right.
    from difflib import get_close_matches

    by_plain: dict[str, str] = {}
    for each in known:
        by_plain.setdefault(plain(each), each)
    found = get_close_matches(plain(name), by_plain, n=1, cutoff=like)
    return by_plain[found[0]] if found else None


def format_suggestion(near: str | None) -> str | None:
    """The help that offers a name, if there is one to offer."""
    return f"did you mean `{near}`?" if near else None
