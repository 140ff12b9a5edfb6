"""Response headers, and the values that bulkflow reads from them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from attrs import frozen

from bulkflow_salesforce.http.redaction import redact

_USAGE = re.compile(r"(?:^|[;,\s])api-usage=([0-9]{1,15})/([0-9]{1,15})")


class Headers(Mapping[str, str]):
    """The headers of a response. Names are case-insensitive; the repr shows names only.

    The values of a repeated header are joined with a comma and a space.
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

    def redact(self, *secrets: str) -> Headers:
        """Return a copy without secrets, because a server may echo them in any header."""
        return Headers((name, redact(value, *secrets)) for name, value in self.items())

    def __repr__(self) -> str:
        return f"Headers({', '.join(self._values)})"

    @property
    def media_type(self) -> str:
        """The content type in lower case, without parameters; empty if there is none."""
        return self.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_page(self) -> bool:
        """Whether the body is a web page."""
        return self.media_type in {"text/html", "application/xhtml+xml"}


@frozen
class LimitInfo:
    """The org's API requests of the last 24 hours, from `Sforce-Limit-Info` (recorded)."""

    used: int
    total: int

    @property
    def left(self) -> int:
        """The remaining requests."""
        return max(0, self.total - self.used)

    @classmethod
    def parse(cls, headers: Mapping[str, str]) -> LimitInfo | None:
        """Parse the header; None if it is missing or cannot be read.

        It looks like `api-usage=23/5000000`, which `; per-app-api-usage=17/250(appName=X)` may
        follow.
        """
        found = _USAGE.search(headers.get("sforce-limit-info", ""))
        return cls(int(found[1]), int(found[2])) if found else None


def parse_retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Parse `Retry-After` to seconds; None if it is missing or invalid.

    Salesforce does not document the header, but gateways in front of it send it.

    Args:
        headers: The response headers.
        now: The time, in seconds since the epoch, for a header with a date.
    """
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    # Imported here: it is rarely needed, and takes as long to load as this whole package.

    from email.utils import parsedate_to_datetime

    try:
        until = parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError):
        return None
    return max(0.0, until - now)
