"""Something of every row of CSV files, numbered through: read on all processors, in order.

A number that is counted while a file is read holds the reading to one processor. So the rows are
written to a table first, which keeps their order, and are numbered there.
"""

# ruff: noqa: S608 - all of it is SQL, made of numbers, names of our own and quoted texts

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bulkflow_ingest.reconcile.database import Database


def write_in_order(database: Database, table: str, columns: str, relation: str) -> int:
    """Make a table of something of each row, in the order of the rows; returns how many.

    The place of a row, from 0, is its `rowid`: nothing is ever removed from the table.

    Args:
        database: Where to.
        table: Its name; one that there is gives way.
        columns: The SQL for what is to be kept of a row.
        relation: The SQL for the rows.
    """
    database.run(f"CREATE OR REPLACE TABLE {table} AS SELECT {columns} FROM {relation}")
    return database.number(f"SELECT count(*) FROM {table}")
