"""Creates a table for each object, with a typed column for each of its fields.

Comparisons of texts ignore ASCII case unless the field is case-sensitive. Booleans are 0 and 1.
Dates and times are texts in the forms of `core.dates`. The rows of a table are in the order of
their ids. Deleted records stay in the table, marked with `IsDeleted`, until they are removed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow_sandbox.schema.fields import NUMBERS, TEXTS, Field, FieldType

if TYPE_CHECKING:
    import sqlite3

    from bulkflow_sandbox.schema.objects import ObjectType


def quote_name(name: str) -> str:
    """Quote a name of the schema as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def get_column_type(field: Field) -> str:
    """Get the SQL type and collation of a field's column."""
    if field.type in TEXTS:
        return "TEXT" if field.case_sensitive else "TEXT COLLATE NOCASE"
    if field.type in NUMBERS:
        return "REAL"
    if field.type in {FieldType.BOOLEAN, FieldType.INT}:
        return "INTEGER"
    return "TEXT"


def format_literal(value: str | bool | float | None) -> str:
    """Format a value as an SQL literal."""
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return repr(int(value) if isinstance(value, bool) else value)


def create_table(connection: sqlite3.Connection, item: ObjectType) -> None:
    """Create the table of an object, or add its missing columns."""
    table = quote_name(item.name)
    known = {row[1].lower() for row in connection.execute(f"PRAGMA table_xinfo({table})")}
    if not known:
        columns = ", ".join(_define_column(field) for field in item.stored_fields)
        connection.execute(f"CREATE TABLE {table} ({columns}) WITHOUT ROWID")
    else:
        for field in item.stored_fields:
            if field.name.lower() not in known:
                connection.execute(f"ALTER TABLE {table} ADD COLUMN {_define_column(field)}")
    for field in item.unique_fields:
        create_index(connection, item, field)


def create_index(connection: sqlite3.Connection, item: ObjectType, field: Field) -> None:
    """Create the index of a key field for lookups of records that are not deleted."""
    if field.type is FieldType.ID:
        return
    name = quote_name(f"{item.name}.{field.name}")
    column = quote_name(field.name)
    connection.execute(
        f"CREATE {'UNIQUE ' if field.unique else ''}INDEX IF NOT EXISTS {name} "
        f'ON {quote_name(item.name)} ({column}) WHERE "IsDeleted" = 0 AND {column} IS NOT NULL'
    )


def _define_column(field: Field) -> str:
    column = f"{quote_name(field.name)} {get_column_type(field)}"
    if field.type is FieldType.ID:
        return f"{column} PRIMARY KEY NOT NULL"
    if field.formula is not None:
        return f"{column} GENERATED ALWAYS AS ({field.formula}) VIRTUAL"
    if field.type is FieldType.BOOLEAN:
        return f"{column} NOT NULL DEFAULT {format_literal(bool(field.default))}"
    if field.default is not None:
        return f"{column} DEFAULT {format_literal(field.default)}"
    return column
