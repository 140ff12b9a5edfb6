"""Reads a query from any database that SQLAlchemy knows, where it is installed."""

from __future__ import annotations

import json
from datetime import date, time
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from uuid import UUID

from bulkflow.errors import DataError
from bulkflow.plugin import RowPlaces, SourceRows
from bulkflow_formats.database_errors import make_connection_error, make_query_error
from bulkflow_formats.extras import is_installed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from bulkflow.plugin import SourceData, SourceRequest
    from bulkflow_formats.sql_query import SqlQuery

_ROWS: Final = 1000
_READ_ONLY: Final = frozenset({"postgresql", "mysql", "mariadb", "oracle"})
"""Dialects whose databases have transactions that cannot write."""
_KNOWN: Final = (str, int, float, bool, Decimal, date, time, bytes, UUID, list, tuple, type(None))


def open_with_sqlalchemy(query: SqlQuery, request: SourceRequest) -> Iterator[SourceData]:
    """Yield the rows of a query, read from the database in batches.

    Raises:
        DataError: SQLAlchemy or its driver is not installed, or the database refuses the query.
    """
    place, scheme = request.location, query.url.scheme
    if not is_installed("sqlalchemy"):
        raise DataError(
            f"databases with {scheme}:// URLs are read with SQLAlchemy, which is not installed",
            place=place,
            help="install it and the driver of the database: pip install sqlalchemy …; "
            "PostgreSQL and SQLite need neither",
        )
    import sqlalchemy
    from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError

    try:
        engine = sqlalchemy.create_engine(query.url.address)
    except (NoSuchModuleError, ImportError):
        raise DataError(
            f"no driver is installed for databases with {scheme}:// URLs",
            place=place,
            help=f"install one that SQLAlchemy knows, and check the URL in {query.url}",
        ) from None
    except (SQLAlchemyError, ValueError) as error:
        raise make_connection_error(query, error, place) from None
    try:
        try:
            connection = engine.connect().execution_options(stream_results=True)
        except Exception as error:  # noqa: BLE001 - each driver has its own errors
            raise make_connection_error(query, error, place) from None
        with connection:
            try:
                if engine.dialect.name in _READ_ONLY:
                    connection.exec_driver_sql("SET TRANSACTION READ ONLY")
                # As it is: a colon or percent sign in it means nothing to SQLAlchemy then.
                result = connection.exec_driver_sql(query.text)
            except Exception as error:  # noqa: BLE001
                raise make_query_error(query, error, place) from None
            if not result.returns_rows:
                raise DataError(
                    "the query gives no rows", place=place, help="write a SELECT into it"
                )
            columns = list(result.keys())
            rows = () if request.only_columns else _read_rows(result, query, request)
            yield SourceRows(place, columns, rows, places=RowPlaces("row"))
    finally:
        engine.dispose()


def _read_rows(result: Any, query: SqlQuery, request: SourceRequest) -> Iterator[list[object]]:
    while True:
        try:
            rows = result.fetchmany(_ROWS)
        except Exception as error:  # noqa: BLE001
            raise make_query_error(query, error, request.location) from None
        if not rows:
            return
        request.checkpoint()
        for row in rows:
            yield [each if isinstance(each, _KNOWN) else _spell(each) for each in row]


def _spell(value: object) -> str:
    """Return the text of a value of a type that only this driver has."""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
