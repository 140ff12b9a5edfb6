"""Checks and resolves references to other records, by id or by a key of the parent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from bulkflow_sandbox.dml.columns import FieldColumn, LookupColumn
from bulkflow_sandbox.dml.convert import NULL_TEXT
from bulkflow_sandbox.schema.fields import FieldType
from bulkflow_sandbox.store.records import find_deleted_flags, find_ids, fold_key, parse_key

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from bulkflow_sandbox.dml.row_batch import RowBatch
    from bulkflow_sandbox.schema.objects import Schema
    from bulkflow_sandbox.schema.rules import Value


def check_references(connection: sqlite3.Connection, schema: Schema, batch: RowBatch) -> None:
    """Fail rows whose reference fields have ids of records that do not exist."""
    for column in batch.columns.columns:
        if isinstance(column, FieldColumn) and column.field.type is FieldType.REFERENCE:
            _check_ids(connection, schema, batch, column)


def _check_ids(
    connection: sqlite3.Connection, schema: Schema, batch: RowBatch, column: FieldColumn
) -> None:
    field = column.field
    values = batch.converted[column.index].values
    wanted = {str(value) for value in values if value is not None}
    bad: dict[str, str] = {}
    for prefix in {value[:3] for value in wanted}:
        ids = {value for value in wanted if value.startswith(prefix)}
        target = schema.find_object_by_id(prefix)
        if target is None:
            # The sandbox does not have this object, so its records cannot be looked up.
            if all(schema.find_object(name) is not None for name in field.reference_to):
                bad |= dict.fromkeys(ids, _make_wrong_type_error(field.label, field.name))
        elif target.name not in field.reference_to:
            bad |= dict.fromkeys(ids, _make_wrong_type_error(field.label, field.name))
        else:
            marks = find_deleted_flags(connection, target, ids)
            bad |= dict.fromkeys(
                ids - marks.keys(), "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--"
            )
            bad |= {
                one: "ENTITY_IS_DELETED:entity is deleted:--"
                for one, deleted in marks.items()
                if deleted
            }
    if bad:
        for row, value in enumerate(values):
            if value in bad:
                batch.fail(row, bad[str(value)].format(id=value))


def _make_wrong_type_error(label: str, name: str) -> str:
    return f"FIELD_INTEGRITY_EXCEPTION:{label}: id value of incorrect type: {{id}}:{name} --"


def find_parents(
    connection: sqlite3.Connection, batch: RowBatch, column: LookupColumn, before: str | None
) -> Sequence[Value]:
    """Find the ids of the parents in a column of keys. Rows with an unknown parent fail.

    Args:
        connection: Where to read records.
        batch: The rows.
        column: The column of keys.
        before: Only find parents with ids less than this one, because rows of one upload cannot
            be each other's parents.
    """
    texts = batch.keys[column.index]
    keys = {text: parse_key(column.key, text) for text in set(texts) - {"", NULL_TEXT}}
    found = find_ids(connection, column.parent, column.key, keys.values(), before=before)
    ids: dict[str, str] = {}
    errors: dict[str, str] = {}
    for text, key in keys.items():
        owners = found.get(fold_key(column.key, key), [])
        if len(owners) == 1:
            ids[text] = owners[0]
        elif not owners:
            errors[text] = (
                f"INVALID_FIELD:Foreign key external ID: {text} not found for field "
                f"{column.key.name} in entity {column.parent.name}:--"
            )
        else:
            errors[text] = (
                f"INVALID_FIELD:More than one record found for external id field: "
                f"[{', '.join(owners)}]:--"
            )
    if errors:
        for row, text in enumerate(texts):
            if text in errors:
                batch.fail(row, errors[text])
    return [ids.get(text) for text in texts]


def merge_parents(batch: RowBatch, lookup: LookupColumn, parents: Sequence[Value]) -> None:
    """Merge the parents of a column of keys into the same field's column of ids.

    Rows that fill both columns fail.
    """
    plain = next(
        column
        for column in batch.columns.columns
        if isinstance(column, FieldColumn) and column.field.name == lookup.field.name
    )
    converted = batch.converted[plain.index]
    blank, cleared = batch.find_blank_rows(lookup), batch.find_cleared_rows(lookup)
    for row, value in enumerate(converted.values):
        if value is not None and row not in blank:
            batch.fail(
                row,
                "INVALID_FIELD:Cannot specify both an external ID reference "
                f"{lookup.field.relationship} and a salesforce id, {lookup.field.name}:--",
            )
    merged = [
        parent if value is None else value
        for value, parent in zip(converted.values, parents, strict=True)
    ]
    batch.converted[plain.index] = evolve(
        converted,
        values=merged,
        blank=None in merged,
        cleared=frozenset(row for row in converted.cleared | cleared if merged[row] is None),
    )
