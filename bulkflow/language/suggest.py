"""The nearest known name to one that is not known."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from attrs import define

if TYPE_CHECKING:
    from collections.abc import Iterable

_FURTHEST_LENGTH = 3
_MOST_CANDIDATES = 2000


@define(eq=False)
class Suggester:
    """Finds near names, but only so often: a file that is wrong all over stays fast to check."""

    budget: int = 30

    def nearest(self, name: str, known: Iterable[str]) -> str | None:
        """The known name that is most like `name`, if any is."""
        if self.budget <= 0 or not name:
            return None
        self.budget -= 1
        candidates = [
            each
            for each in known
            if abs(len(each) - len(name)) <= _FURTHEST_LENGTH and each != name
        ]
        by_folded = {each.casefold(): each for each in candidates[:_MOST_CANDIDATES]}
        found = get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
        return by_folded[found[0]] if found else None

    def did_you_mean(self, name: str, known: Iterable[str]) -> str | None:
        """The help line that offers the nearest name, if there is one."""
        near = self.nearest(name, known)
        return f"did you mean `{near}`?" if near else None
