"""Near names for the mistakes of a file, within bounds."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from attrs import define

from bulkflow.plugin.suggestions import find_nearest, format_suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable

_FURTHEST_LENGTH = 3
_MOST_CANDIDATES = 2000


@define(eq=False, repr=False)
class Suggester:
    """Finds near names, but only so often: a file that is wrong all over stays fast to check."""

    budget: int = 30

    def nearest(self, name: str, known: Iterable[str]) -> str | None:
        """The known name that is most like `name`, if any is."""
        if self.budget <= 0 or not name:
            return None
        self.budget -= 1
        candidates = (
            each
            for each in known
            if abs(len(each) - len(name)) <= _FURTHEST_LENGTH and each != name
        )
        return find_nearest(name, islice(candidates, _MOST_CANDIDATES))

    def did_you_mean(self, name: str, known: Iterable[str]) -> str | None:
        """The help line that offers the nearest name, if there is one."""
        return format_suggestion(self.nearest(name, known))
