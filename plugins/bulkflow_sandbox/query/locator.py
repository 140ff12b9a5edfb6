"""Locators: where in a result a page begins, and how many rows it has.

A locator says so itself, so it stays good for as long as the result does. The form is base64 of
`first:job:size`, after one that was seen.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error

from attrs import frozen

END = "null"
"""What stands in place of a locator when there is no further page (recorded)."""


@frozen
class Locator:
    """A page: the number of its first row, from 0, and the most rows that it has."""

    first: int
    size: int

    def to_text(self, job_id: str) -> str:
        """The locator as clients get it."""
        plain = f"{self.first}:{job_id[:15]}:{self.size}"
        return urlsafe_b64encode(plain.encode()).decode().rstrip("=")

    @classmethod
    def from_text(cls, text: str, job_id: str) -> Locator | None:
        """The locator of a text, or `None` when it is none of this job."""
        try:
            plain = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
            first, _, size = plain.split(":")
            locator = cls(int(first), int(size))
        except (Error, ValueError):
            return None
        # Base64 and numbers can be written in several ways; a locator has one, with the job in it.
        return locator if locator.to_text(job_id) == text else None
