"""The addresses of the pages of a result, in any of the forms that orgs and clients have shown.

The guide's text has `resultPages[].resultUrl`, two schemas made from its sample have
`resultPages[].resultLink`, and a maintained client found an org to answer with
`resultChunks[].resultLink`, relative to the path of the API version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bulkflow_salesforce import JsonValue

_LISTS: Final = ("resultPages", "resultChunks")
_LINKS: Final = ("resultUrl", "resultLink")

MAX_LINKS: Final = 1_000
"""Addresses in one list: Salesforce gives five."""


@frozen
class PageList:
    """Some pages of a result: their addresses as the org wrote them, and that of the next list."""

    links: tuple[str, ...]
    next: str | None

    @classmethod
    def read(cls, content: Mapping[str, JsonValue]) -> PageList | None:
        """Read a response; return None if it is in no known form."""
        entries = next((content[name] for name in _LISTS if name in content), None)
        if not isinstance(entries, list) or len(entries) > MAX_LINKS:
            return None
        links = list(_read_links(entries))
        if len(links) != len(entries):
            return None
        following = content.get("nextRecordsUrl")
        if content.get("done") is True or following == "null":
            following = None
        return cls(tuple(links), following if isinstance(following, str) and following else None)


def _read_links(entries: list[JsonValue]) -> Iterator[str]:
    for entry in entries:
        if isinstance(entry, dict):
            found = next((entry[name] for name in _LINKS if name in entry), None)
            if isinstance(found, str) and found:
                yield found
