"""Records as a person or a test reads them: all fields of each, and how many there are."""

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
    """Records in the order of their ids, by the names of their fields.

    Args:
        connection: Where to read.
        item: The object.
        after: Only records with greater ids.
        limit: Most records; a negative number is all.
        deleted: Whether to list those that are in the bin too.
    """
    fields = item.stored_fields
    names = ", ".join(quote_name(field.name) for field in fields)
    bin_too = "" if deleted else 'AND "IsDeleted" = 0'
    rows = connection.execute(
        f"SELECT {names} FROM {quote_name(item.name)} "
        f'WHERE "Id" > ? {bin_too} ORDER BY "Id" LIMIT ?',
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
    """How many records there are that are not deleted."""
    (count,) = connection.execute(
        f'SELECT COUNT(*) FROM {quote_name(item.name)} WHERE "IsDeleted" = 0'
    ).fetchone()
    return int(count)
