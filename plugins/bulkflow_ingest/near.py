"""The nearest known name to one that is not known."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like `name`, if any is; upper case and `__c` count little."""
    by_plain = {_plain(each): each for each in reversed(list(known))}
    found = get_close_matches(_plain(name), by_plain, n=1, cutoff=0.7)
    return by_plain[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """The question that offers it."""
    near = nearest(name, known)
    return f"did you mean `{near}`?" if near else None


def _plain(name: str) -> str:
    return name.lower().removesuffix("__c").replace("_", "").replace(" ", "")
