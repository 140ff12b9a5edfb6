"""Numbers the rows of CSV files while all processors read them, in order.

Counting rows during reading would limit the reading to one processor. So the rows are written to a
table first, which keeps their order, and are numbered there.
"""

# ruff: noqa: S608 - all of it is SQL, made of numbers, names of our own and quoted texts

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bulkflow_ingest.reconcile.database import ReconcileDatabase


def write_in_order(database: ReconcileDatabase, table: str, columns: str, relation: str) -> int:
    """Make a table of expressions of each row, in the order of the rows; return how many.

    The place of a row, from 0, is its `rowid`: nothing is ever removed from the table.

    Args:
        database: The database.
        table: Its name; an existing one is replaced.
        columns: The SQL for the columns to keep.
        relation: The SQL for the rows.
    """
    database.run(f"CREATE OR REPLACE TABLE {table} AS SELECT {columns} FROM {relation}")
    return database.number(f"SELECT count(*) FROM {table}")
