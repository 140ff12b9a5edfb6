"""The clauses about formats and databases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow.plugin import clause

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow_formats.sql_query import DatabaseUrl


@clause("from sql {query:sql} at {url:database}", sets=("location", "query"))
def from_sql(query: str, url: DatabaseUrl) -> Mapping[str, object]:
    """Read the rows of a query from a database: `from sql "SELECT …" at env WAREHOUSE_URL`.

    The URL is a secret, so it comes from an environment variable: `postgresql://user@host/name`
    (install `bulkflow-sf[sql]`), `sqlite:///data/crm.db`, or any other that SQLAlchemy knows, if it
    is installed. The database is only read, and the rows are copied to the state folder first.

    A parameter in the query is a number, or is in single quotes: `Region = '{region}'`.
    """
    from bulkflow_formats.sql_query import SqlQuery

    return {"location": f"sql://{url.shown}", "query": SqlQuery(query, url)}


@clause("sheet {sheet:value}", sets=("sheet",))
def sheet(sheet: str) -> Mapping[str, object]:
    """Name the sheet of a workbook that has the rows: by its name, or by its number from 1.

    A workbook with one sheet needs no such line.
    """
    return {"sheet": sheet}


CLAUSES: Final = (from_sql, sheet)
