"""Reads a query from SQLite, with Python's own module.

Not through ADBC: SQLite's columns have no types, and its driver takes that of the first rows.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

from bulkflow.errors import DataError
from bulkflow.plugin import RowPlaces, SourceRows
from bulkflow_formats.database_errors import make_query_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow.plugin import SourceData, SourceRequest
    from bulkflow_formats.sql_query import SqlQuery

_ROWS: Final = 1000


def open_sqlite(query: SqlQuery, request: SourceRequest) -> Iterator[SourceData]:
    """Yield the rows of a query, each value as it is stored. The database is opened for reading.

    Raises:
        DataError: There is no database, or it refuses the query.
    """
    place = request.location
    path = request.folder / _find_path(query)
    if not path.is_file():
        raise DataError(
            "there is no database at this URL",
            place=place,
            help=f"check the path in {query.url}: sqlite:///data/crm.db starts at the folder of "
            "the pipeline file, sqlite:////data/crm.db at the root",
        )
    try:
        address = f"file:{quote(str(path.absolute()))}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, check_same_thread=False)) as connection:
            text = f"SELECT * FROM ({query.text}\n) LIMIT 0" if request.only_columns else query.text  # noqa: S608
            cursor = connection.execute(text)
            if cursor.description is None:
                raise DataError(
                    "the query gives no rows", place=place, help="write a SELECT into it"
                )
            columns = [each[0] for each in cursor.description]
            yield SourceRows(
                place, columns, _read_rows(cursor, query, request), places=RowPlaces("row")
            )
    except sqlite3.Error as error:
        raise make_query_error(query, error, place) from None


def _find_path(query: SqlQuery) -> Path:
    return Path(unquote(query.url.address.partition("://")[2].partition("?")[0])[1:])


def _read_rows(
    cursor: sqlite3.Cursor, query: SqlQuery, request: SourceRequest
) -> Iterator[tuple[object, ...]]:
    try:
        while rows := cursor.fetchmany(_ROWS):
            request.checkpoint()
            yield from rows
    except sqlite3.Error as error:
        raise make_query_error(query, error, request.location) from None
