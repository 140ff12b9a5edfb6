"""Reads and changes sets of records."""

# ruff: noqa: S608 - the names are those of the schema, quoted; values are bound

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bulkflow_sandbox.schema.fields import TEXTS, FieldType
from bulkflow_sandbox.store.tables import create_index, format_literal, quote_name

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from bulkflow_sandbox.schema.fields import Field
    from bulkflow_sandbox.schema.objects import ObjectType
    from bulkflow_sandbox.schema.rules import Value

_ASCII_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def fold_key(field: Field, value: Value) -> Value:
    """Fold a value of a field, so that values which are the same key become equal.

    This folds ASCII letters, like the collation of the column.
    """
    if isinstance(value, str) and field.type in TEXTS and not field.case_sensitive:
        return value.lower() if value.isascii() else value.translate(_ASCII_LOWER)
    return value


def find_ids(
    connection: sqlite3.Connection,
    item: ObjectType,
    field: Field,
    values: Iterable[Value],
    *,
    before: str | None = None,
) -> dict[Value, list[str]]:
    """Find the ids of the records, not deleted, that have one of `values` in `field`.

    Args:
        connection: Where to read.
        item: The object.
        field: The field. Without an index (`ensure_index`), every record is read.
        values: The values, in the store's form.
        before: Find only records with ids less than this one.

    Returns:
        The ids by folded value, without values that no record has.
    """
    table, column = quote_name(item.name), quote_name(field.name)
    found: dict[Value, list[str]] = {}
    bound = "" if before is None else 'AND "Id" < ?'
    for key, record_id in connection.execute(
        f'SELECT {column}, "Id" FROM {table} '
        f"WHERE {column} IN (SELECT value FROM json_each(?)) "
        f'AND {column} IS NOT NULL AND "IsDeleted" = 0 {bound}',
        (_to_json(values),) if before is None else (_to_json(values), before),
    ):
        found.setdefault(fold_key(field, key), []).append(record_id)
    return found


def ensure_index(connection: sqlite3.Connection, item: ObjectType, field: Field) -> None:
    """Create the index for lookups by a key field, unless the field has one."""
    if not field.unique:
        create_index(connection, item, field)


def find_deleted_flags(
    connection: sqlite3.Connection, item: ObjectType, record_ids: Iterable[str]
) -> dict[str, bool]:
    """Find which of some ids (of 18 characters) exist, and whether each is deleted."""
    rows = connection.execute(
        f'SELECT "Id", "IsDeleted" FROM {quote_name(item.name)} '
        'WHERE "Id" IN (SELECT value FROM json_each(?))',
        (_to_json(record_ids),),
    )
    return {record_id: bool(deleted) for record_id, deleted in rows}


def read_values(
    connection: sqlite3.Connection,
    item: ObjectType,
    fields: Sequence[Field],
    record_ids: Iterable[str],
) -> dict[str, tuple[Value, ...]]:
    """Read some fields of the records with these ids. The result has the values by id."""
    columns = ", ".join(quote_name(field.name) for field in fields)
    rows = connection.execute(
        f'SELECT "Id", {columns} FROM {quote_name(item.name)} '
        'WHERE "Id" IN (SELECT value FROM json_each(?))',
        (_to_json(record_ids),),
    )
    return {row[0]: row[1:] for row in rows}


def insert_records(
    connection: sqlite3.Connection,
    item: ObjectType,
    fields: Sequence[Field],
    rows: Iterable[Sequence[Value]],
    constants: Mapping[str, str | bool | float],
) -> None:
    """Add records. Each row has an id and the values of `fields`; all share `constants`."""
    columns = ["Id", *(field.name for field in fields), *constants]
    places = ["?"] * (1 + len(fields)) + [format_literal(value) for value in constants.values()]
    connection.executemany(
        f"INSERT INTO {quote_name(item.name)} ({', '.join(map(quote_name, columns))}) "
        f"VALUES ({', '.join(places)})",
        rows,
    )


def update_records(
    connection: sqlite3.Connection,
    item: ObjectType,
    assignments: Sequence[str],
    rows: Iterable[Sequence[Value]],
    constants: Mapping[str, str | bool | float],
) -> None:
    """Change records. Each row fills the SQL placeholders of `assignments`; its id is last."""
    settings = [
        *assignments,
        *(f"{quote_name(name)} = {format_literal(value)}" for name, value in constants.items()),
    ]
    connection.executemany(
        f'UPDATE {quote_name(item.name)} SET {", ".join(settings)} WHERE "Id" = ?', rows
    )


def remove_records(
    connection: sqlite3.Connection, item: ObjectType, record_ids: Iterable[str]
) -> None:
    """Remove records, without moving them to the bin."""
    connection.executemany(
        f'DELETE FROM {quote_name(item.name)} WHERE "Id" = ?', ((one,) for one in record_ids)
    )


def _to_json(values: Iterable[Value]) -> str:
    return json.dumps(list(values), ensure_ascii=False)


def parse_key(field: Field, text: str) -> Value:
    """Convert a key from its text in an upload to the form of the field's column."""
    if field.type in {FieldType.INT, FieldType.DOUBLE, FieldType.CURRENCY, FieldType.PERCENT}:
        try:
            return float(text)
        except ValueError:
            return text
    return text
