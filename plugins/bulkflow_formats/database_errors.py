"""Errors of databases, in a form that never shows the address."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bulkflow.errors import DataError

if TYPE_CHECKING:
    from bulkflow_formats.sql_query import SqlQuery

_LONGEST: Final = 300
_NOISE: Final = re.compile(
    r"^(?:[A-Z_]+: )?(?:\[libpq\] )?(?:Failed to \w+(?: query(?: '.*?')?)?: )*", re.DOTALL
)
"""What the driver writes before the database's words."""


def make_connection_error(query: SqlQuery, error: Exception, place: str) -> DataError:
    """Make the error for a database that cannot be reached, or does not let the user in."""
    return DataError(
        "the database cannot be opened",
        place=place,
        help=f"check the URL in {query.url}, and that the database can be reached from here",
        notes=_explain(query, error),
    )


def make_query_error(query: SqlQuery, error: Exception, place: str) -> DataError:
    """Make the error for a query that the database refuses, or cannot finish."""
    return DataError(
        "the database refuses the query",
        place=place,
        help="correct the query; the reading user needs permission for all of its tables",
        notes=_explain(query, error),
    )


def _explain(query: SqlQuery, error: Exception) -> list[str]:
    """Return the database's own words, unless they quote the address."""
    text = str(error).partition("\n\nQuery was:")[0]
    text = re.sub(r"\. SQLSTATE: \w+\s*$", "", text)
    if "ERROR:" in text:
        text = text.partition("ERROR:")[2]
    first = next((line.strip() for line in _NOISE.sub("", text).splitlines() if line.strip()), "")
    if not first:
        return []
    if not query.url.is_absent_from(str(error)):
        return ["the database's message is not shown, because it quotes the URL"]
    return [first[:_LONGEST]]
