"""The clauses of a query job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.plugin import Clause, clause
from bulkflow_query.settings import QUERY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@clause("query {query:soql}", sets=("query", "includes_deleted"), kind=QUERY)
def query(query: str) -> Mapping[str, object]:
    """Query the records of the org, in SOQL.

    Values of `{name}` are quoted as SOQL needs it, so a param cannot change the query: a text
    becomes a quoted text, unless it is a date or a time. A name without quotes, such as `Contact`,
    is that of an object or field. Line breaks are fine, in a text of three quotes.
    """
    return {"query": query, "includes_deleted": False}


@clause("query all {query:soql}", sets=("query", "includes_deleted"), kind=QUERY)
def query_all(query: str) -> Mapping[str, object]:
    """Query the records of the org, including deleted and archived ones."""
    return {"query": query, "includes_deleted": True}


@clause("over rest", sets=("over_rest",), kind=QUERY)
def over_rest() -> Mapping[str, object]:
    """Query over REST instead of with a query job, which is faster for a few thousand rows.

    Queries that query jobs do not support, such as those with aggregates or sub-queries, go over
    REST without this.
    """
    return {"over_rest": True}


@clause("since watermark {path}", sets=("since",), kind=QUERY)
def since_watermark(path: Path) -> Mapping[str, object]:
    """Query only records that changed since a watermark, which `save watermark` writes to a file.

    Without the file, all records are queried. The query must select `SystemModstamp`. Records that
    changed in the 15 minutes before the last extract are fetched again, because their changes may
    have become visible after it.
    """
    return {"since": path}


CLAUSES: tuple[Clause, ...] = (query, query_all, over_rest, since_watermark)
