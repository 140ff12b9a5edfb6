"""Reads a query from PostgreSQL through ADBC, batch by batch."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from bulkflow.errors import DataError
from bulkflow.plugin import RowPlaces, SourceTable, quote_name, quote_text
from bulkflow_formats.database_errors import make_connection_error, make_query_error
from bulkflow_formats.extras import load_library
from bulkflow_rows.spelling import refuse_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection, DuckDBPyRelation

    from bulkflow.plugin import SourceData, SourceRequest
    from bulkflow_formats.sql_query import SqlQuery

_SETUP: Final = (
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    "SET client_encoding TO 'UTF8'",
    "SET TimeZone TO 'UTC'",
)
_BATCH_OPTION: Final = "adbc.postgresql.batch_size_hint_bytes"
_BATCH_BYTES: Final = 1 << 19
"""Of one batch; the default of 16 MB has the process use 150 MB more, and more time."""
_ADVICE: Final = "correct the query, or try again if the connection was lost"
_AMBIGUOUS: Final = "42702"
"""The SQLSTATE of a name that two columns have."""
_NUMERIC: Final = "numeric"
_SINGLE: Final = (
    *("smallint", "integer", "bigint", "real", "double precision", _NUMERIC, "boolean", "text"),
    *("character varying", "name", "date", "time without time zone"),
    *("timestamp without time zone", "timestamp with time zone"),
)
_NATIVE: Final = frozenset({*_SINGLE, *(f"{each}[]" for each in _SINGLE), "bytea"})
"""The types that the driver gives as what they are. Others come as the database's own bytes."""
_CASTS: Final = {
    # The driver gives cents, whatever the currency has.
    "money": "CAST({} AS numeric)",
    "time with time zone": "CAST({} AT TIME ZONE 'UTC' AS time)",
}


def open_postgres(query: SqlQuery, request: SourceRequest) -> Iterator[SourceData]:
    """Yield the rows of a query, typed, in constant memory and in a transaction that cannot write.

    Raises:
        DataError: The driver is not installed, or the database refuses the login or the query.
    """
    place = request.location
    driver = load_library(
        "adbc_driver_postgresql.dbapi", extra="sql", reads="PostgreSQL databases", place=place
    )
    with _connect(driver, query, place) as connection, ExitStack() as cursors:

        def relate(session: DuckDBPyConnection) -> DuckDBPyRelation:
            with _convert_errors(driver, query, place), _convert_ambiguity(driver, place):
                return _relate(_Queries(connection, session, cursors), query, request)

        yield SourceTable(place, relate, places=RowPlaces("row"), advice=_ADVICE)


@contextmanager
def _connect(driver: Any, query: SqlQuery, place: str) -> Iterator[Any]:
    try:
        connection = driver.connect(query.url.address)
    except driver.Error as error:
        raise make_connection_error(query, error, place) from None
    try:
        with _convert_errors(driver, query, place), connection.cursor() as cursor:
            for statement in _SETUP:
                cursor.execute(statement)
            connection.commit()
        yield connection
    finally:
        connection.close()


@contextmanager
def _convert_errors(driver: Any, query: SqlQuery, place: str) -> Iterator[None]:
    try:
        yield
    except driver.Error as error:
        raise make_query_error(query, error, place) from None


@contextmanager
def _convert_ambiguity(driver: Any, place: str) -> Iterator[None]:
    try:
        yield
    except driver.Error as error:
        if getattr(error, "sqlstate", None) != _AMBIGUOUS:
            raise
        raise DataError(
            "two columns of the query have the same name",
            place=place,
            help="give one of them another name: SELECT a.Id, b.Id AS Other_Id",
            notes=[line for line in str(error).splitlines() if "ambiguous" in line][:1],
        ) from None


@frozen
class _Queries:
    """Runs queries, whose rows DuckDB can read as long as the cursors are open."""

    connection: Any
    session: DuckDBPyConnection
    cursors: ExitStack

    def run(self, text: str) -> DuckDBPyRelation:
        cursor = self.cursors.enter_context(self.connection.cursor())
        cursor.adbc_statement.set_options(**{_BATCH_OPTION: str(_BATCH_BYTES)})
        cursor.execute(text)
        return self.session.from_arrow(cursor.fetch_arrow())


def _relate(queries: _Queries, query: SqlQuery, request: SourceRequest) -> DuckDBPyRelation:
    """Run a query, with a cast for each column whose type the driver does not know."""
    whole = f"(\n{query.text}\n) AS query"
    columns = queries.run(f"SELECT * FROM {whole} LIMIT 0").columns  # noqa: S608
    types = _find_types(queries, whole, columns)
    selected = ", ".join(_select(name, types[name]) for name in columns)
    limit = " LIMIT 0" if request.only_columns else ""
    rows = queries.run(f"SELECT {selected} FROM {whole}{limit}")  # noqa: S608
    return rows.project(", ".join(_check(name, types[name]) for name in columns))


def _find_types(queries: _Queries, whole: str, columns: list[str]) -> dict[str, str]:
    """Return the type of each column; that below it for a domain. The query is not run."""
    asked = ", ".join(
        f"CAST(pg_typeof(query.{quote_name(each)}) AS oid) AS c{number}"
        for number, each in enumerate(columns)
    )
    # Of a join that is never true, PostgreSQL reads nothing; its one row has nulls of each type.
    probe = f"SELECT {asked} FROM (SELECT 1) AS one LEFT JOIN {whole} ON false"  # noqa: S608
    pairs = ", ".join(f"({quote_text(each)}, c{number})" for number, each in enumerate(columns))
    text = (
        f"WITH RECURSIVE probe AS ({probe}), base (name, type) AS ("  # noqa: S608
        f" SELECT pair.name, pair.type FROM probe, LATERAL (VALUES {pairs}) AS pair (name, type)"
        " UNION ALL SELECT base.name, typbasetype FROM base JOIN pg_type ON pg_type.oid = base.type"
        " WHERE typtype = 'd')"
        " SELECT name, format_type(type, NULL) FROM base JOIN pg_type ON pg_type.oid = base.type"
        " WHERE typtype <> 'd'"
    )
    found = queries.run(text).fetchall()
    return {str(name): str(kind) for name, kind in found}


def _select(name: str, kind: str) -> str:
    column = quote_name(name)
    if kind in _NATIVE:
        return column
    return f"{_CASTS.get(kind, 'CAST({} AS text)').format(column)} AS {column}"


def _check(name: str, kind: str) -> str:
    """Return the SQL of DuckDB for a column, which refuses numerics that are not numbers."""
    column = quote_name(name)
    if kind not in {_NUMERIC, "money"}:
        return column
    condition = f"regexp_matches({column}, '[0-9]')"
    return f"{refuse_values(condition, column, name, 'is not a finite number')} AS {column}"
