"""Locators: the first row and the size of a page of a result.

A locator contains both, and is valid as long as the result exists. The format is base64 of
`first:job:size`, like a locator that was recorded.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error

from attrs import frozen

END = "null"
"""The locator after the last page (recorded)."""


@frozen
class Locator:
    """A page: the index of its first row, and the maximum number of rows."""

    first: int
    size: int

    def to_text(self, job_id: str) -> str:
        """Return the locator as sent to clients."""
        plain = f"{self.first}:{job_id[:15]}:{self.size}"
        return urlsafe_b64encode(plain.encode()).decode().rstrip("=")

    @classmethod
    def from_text(cls, text: str, job_id: str) -> Locator | None:
        """Parse a locator; return `None` if it is not one of this job."""
        try:
            plain = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
            first, _, size = plain.split(":")
            locator = cls(int(first), int(size))
        except (Error, ValueError):
            return None
        # Base64 and numbers can be written in several ways. Accept only what `to_text` writes.
        return locator if locator.to_text(job_id) == text else None
