"""The REST resource `query`, which counts rows, and answers queries that query jobs refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from bulkflow_salesforce import BadResponseError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow_salesforce import JsonValue, Response, Session

MAX_PAGE_BYTES: Final = 64 << 20
"""Of one page: 2,000 records with long texts take some megabytes, and several times as much when
they are parsed."""


@frozen
class RecordPage:
    """Some records of a result.

    Attributes:
        total: The number of records of the whole result; for `COUNT()`, the count.
        records: The records of the page.
        next: The link of the next page; None after the last one.
    """

    total: int
    records: Sequence[dict[str, JsonValue]]
    next: str | None
    at: str | None = None
    """When the org responded, as the header `Date` has it."""


@frozen
class RestApi:
    """Queries of one org over REST. Methods raise the errors of `Session`."""

    session: Session

    def with_patience(self, seconds: float) -> RestApi:
        """Return the same requests; each waits out temporary trouble (see `Session`)."""
        return evolve(self, session=self.session.with_patience(seconds))

    def count(self, query: str, *, includes_deleted: bool = False) -> int:
        """GET the count of a query that selects `COUNT()`."""
        return self.query(query, includes_deleted=includes_deleted).total

    def query(self, query: str, *, includes_deleted: bool = False) -> RecordPage:
        """GET the first page of a query's result."""
        path = self.session.build_path("queryAll" if includes_deleted else "query")
        return _read(self.session.get(path, query={"q": query}, limit=MAX_PAGE_BYTES))

    def query_more(self, link: str) -> RecordPage:
        """GET the page at a link of another page."""
        return _read(self.session.get(self.session.resolve(link), limit=MAX_PAGE_BYTES))


def _read(response: Response) -> RecordPage:
    content = response.parse_object()
    total, records = content.get("totalSize"), content.get("records")
    following = content.get("nextRecordsUrl")
    if not isinstance(total, int) or not isinstance(records, list) or total < 0:
        raise BadResponseError(
            f"{response.call.host} gave an unexpected response to {response.call}: it is not a "
            "page of records",
            call=response.call,
        )
    return RecordPage(
        total,
        [each for each in records if isinstance(each, dict)],
        following if isinstance(following, str) and content.get("done") is not True else None,
        response.headers.get("date"),
    )
