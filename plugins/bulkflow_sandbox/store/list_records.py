"""Lists and counts records, with all of their fields, for the page and for tests."""

# ruff: noqa: S608 - the names are those of the schema, quoted; values are bound

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow_sandbox.schema.fields import FieldType
from bulkflow_sandbox.store.tables import quote_name

if TYPE_CHECKING:
    import sqlite3

    from bulkflow_sandbox.schema.objects import ObjectType
    from bulkflow_sandbox.schema.rules import Value


def list_records(
    connection: sqlite3.Connection,
    item: ObjectType,
    *,
    after: str = "",
    limit: int = -1,
    deleted: bool = False,
) -> list[dict[str, Value]]:
    """List records in the order of their ids, each as values by field name.

    Args:
        connection: Where to read.
        item: The object.
        after: List only records with greater ids.
        limit: The maximum number of records; negative for all.
        deleted: Whether to include records in the bin.
    """
    fields = item.stored_fields
    names = ", ".join(quote_name(field.name) for field in fields)
    condition = "" if deleted else 'AND "IsDeleted" = 0'
    rows = connection.execute(
        f"SELECT {names} FROM {quote_name(item.name)} "
        f'WHERE "Id" > ? {condition} ORDER BY "Id" LIMIT ?',
        (after, limit),
    )
    return [
        {
            field.name: bool(value) if field.type is FieldType.BOOLEAN else value
            for field, value in zip(fields, row, strict=True)
        }
        for row in rows
    ]


def count_records(connection: sqlite3.Connection, item: ObjectType) -> int:
    """Count the records that are not deleted."""
    (count,) = connection.execute(
        f'SELECT COUNT(*) FROM {quote_name(item.name)} WHERE "IsDeleted" = 0'
    ).fetchone()
    return int(count)
