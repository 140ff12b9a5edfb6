"""Reads the rows of a query: from PostgreSQL, SQLite, or what SQLAlchemy knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow.errors import DataError
from bulkflow_formats.sql_query import SqlQuery

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow.plugin import SourceData, SourceRequest

_POSTGRES: Final = frozenset({"postgresql", "postgres"})


def open_query(request: SourceRequest) -> Iterator[SourceData]:
    """Yield the rows of a job's query, in the order in which the database gives them.

    Raises:
        DataError: The database cannot be asked, or refuses the query. No message has its address.
    """
    query = request.settings.get("query")
    if not isinstance(query, SqlQuery):
        raise DataError(
            "this location is made by a clause, and cannot be written",
            place=request.location,
            help='write from sql "SELECT …" at env NAME',
        )
    if query.url.scheme in _POSTGRES:
        from bulkflow_formats.postgres import open_postgres

        yield from open_postgres(query, request)
    elif query.url.scheme == "sqlite":
        from bulkflow_formats.sqlite import open_sqlite

        yield from open_sqlite(query, request)
    else:
        from bulkflow_formats.other_databases import open_with_sqlalchemy

        yield from open_with_sqlalchemy(query, request)
