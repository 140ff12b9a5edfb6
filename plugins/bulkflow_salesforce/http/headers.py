"""Answer headers, and what bulkflow reads in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from attrs import frozen

from bulkflow_salesforce.http.redaction import redact

_USAGE = re.compile(r"(?:^|[;,\s])api-usage=([0-9]{1,15})/([0-9]{1,15})")


class Headers(Mapping[str, str]):
    """The headers of an answer, found in any case; the repr shows names only.

    A header that came several times has its values joined with a comma and a space.
    """

    __slots__ = ("_values",)

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        values: dict[str, str] = {}
        for name, value in items:
            key = name.lower()
            values[key] = f"{values[key]}, {value}" if key in values else value
        self._values = values

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def redacted(self, *secrets: str) -> Headers:
        """The same without secrets, as a server may give back what it was sent in any of them."""
        return Headers((name, redact(value, *secrets)) for name, value in self.items())

    def __repr__(self) -> str:
        return f"Headers({', '.join(self._values)})"

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case; empty when none was given."""
        return self.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_page(self) -> bool:
        """Whether the body is a page for people."""
        return self.media_type in {"text/html", "application/xhtml+xml"}


@frozen
class LimitInfo:
    """The org's API requests of the last 24 hours, from `Sforce-Limit-Info` (recorded)."""

    used: int
    total: int

    @property
    def left(self) -> int:
        """The requests that may still be made."""
        return max(0, self.total - self.used)

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> LimitInfo | None:
        """What the headers say, or None if they say nothing that can be read.

        The header is `api-usage=23/5000000`, perhaps followed by
        `; per-app-api-usage=17/250(appName=X)`.
        """
        found = _USAGE.search(headers.get("sforce-limit-info", ""))
        return cls(int(found[1]), int(found[2])) if found else None


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds that `Retry-After` asks to wait; None if it is missing or means nothing.

    Salesforce does not document the header, but gateways in front of it send it.

    Args:
        headers: The answer's headers.
        now: The time, in seconds since the epoch; needed if the header gives a date.
    """
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    # Here and not above: it is rarely needed, and takes as long to load as all of this package.
    from email.utils import parsedate_to_datetime

    try:
        until = parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError):
        return None
    return max(0.0, until - now)
