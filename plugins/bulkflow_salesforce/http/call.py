"""The method, path and host of a request, as messages and logs show them."""

from __future__ import annotations

from attrs import frozen

SAFE_METHODS = frozenset({"GET", "HEAD"})
"""Methods that change nothing, and may always be sent again."""


@frozen
class Call:
    """The part of a request that messages may show.

    The path has no query, which may contain SOQL or a locator.

    Attributes:
        harmless: Whether the request may be sent again although its method is not safe: issuing a
            token twice does no harm.
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
