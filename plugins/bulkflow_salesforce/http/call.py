"""A request as messages name it."""

from __future__ import annotations

from attrs import frozen

SAFE_METHODS = frozenset({"GET", "HEAD"})
"""The methods that change nothing, so that they may be repeated whatever became of them."""


@frozen
class Call:
    """What was asked of whom: the part of a request that may stand in a message.

    The path is without its query, which may hold a SOQL text or a locator.

    Attributes:
        harmless: Whether it may be repeated whatever its method: a token that was given twice is
            no harm.
    """

    method: str
    path: str
    host: str
    harmless: bool = False

    @property
    def changes(self) -> bool:
        """Whether the request may change something in the org."""
        return self.method not in SAFE_METHODS and not self.harmless

    def __str__(self) -> str:
        return f"{self.method} {self.path}"
