"""Finds the records of rows, by id or by external id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow_sandbox.dml.columns import FieldColumn
from bulkflow_sandbox.schema.fields import FieldType
from bulkflow_sandbox.store.records import find_deleted_flags, find_ids, fold_key

if TYPE_CHECKING:
    import sqlite3

    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.dml.row_batch import RowBatch
    from bulkflow_sandbox.schema.objects import ObjectType
    from bulkflow_sandbox.schema.rules import Value


def refuse_ids(batch: RowBatch) -> None:
    """Fail rows that give an id for a new record."""
    for column in batch.columns.columns:
        if isinstance(column, FieldColumn) and column.field.type is FieldType.ID:
            for row, text in enumerate(batch.texts[column.index]):
                if text:
                    batch.fail(
                        row,
                        "INVALID_FIELD_FOR_INSERT_UPDATE:cannot specify Id in an insert call:Id --",
                    )


def find_by_id(
    connection: sqlite3.Connection, batch: RowBatch, item: ObjectType, *, absent: str | None
) -> None:
    """Set the record id of each row that has a valid one, and fail the rows with another.

    Args:
        connection: Where to read records.
        batch: The rows.
        item: The object that the records must be of.
        absent: The error of a row without an id; `None` if such a row is a new record.
    """
    key = batch.columns.key
    assert key is not None, "the header has the column Id"
    values = batch.converted[key.index].values
    wanted = {str(one) for one in values if one is not None and str(one).startswith(item.prefix)}
    marks = find_deleted_flags(connection, item, wanted)
    seen: set[str] = set()
    for row, value in enumerate(values):
        if value is not None:
            # The results show the record of a row that has already failed, too.
            batch.ids[row] = str(value)
        if row in batch.errors:
            continue
        if value is None:
            if absent is not None:
                batch.fail(row, absent)
            continue
        record_id = str(value)
        if record_id in seen:
            batch.fail(row, f"DUPLICATE_VALUE:Duplicate id specified: {record_id}:Id --")
        elif record_id not in wanted:
            batch.fail(row, f"INVALID_ID_FIELD:Invalid Id for entity type '{item.name}':--")
        elif record_id not in marks:
            batch.fail(row, "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--")
        elif marks[record_id]:
            batch.fail(row, "ENTITY_IS_DELETED:entity is deleted:--")
        seen.add(record_id)


def find_by_key(
    connection: sqlite3.Connection, batch: RowBatch, item: ObjectType, choices: Choices
) -> None:
    """Set the record id of each row whose external id a record has. Other rows are new."""
    key = batch.columns.key
    assert key is not None, "the header of an upsert has the key"
    name = key.field.name
    values = batch.converted[key.index].values
    found = find_ids(connection, item, key.field, {one for one in values if one is not None})
    seen: set[Value] = set()
    for row, value in enumerate(values):
        one = fold_key(key.field, value)
        owners = [] if value is None else found.get(one, [])
        if row in batch.errors:
            if len(owners) == 1:
                batch.ids[row] = owners[0]
            continue
        if value is None:
            if choices.blank_key_fails:
                batch.fail(row, f"MISSING_ARGUMENT:{name} not specified:{name} --")
            continue
        if one in seen:
            text = batch.texts[key.index][row]
            batch.fail(row, f"DUPLICATE_VALUE:Duplicate external id specified: {text}:{name} --")
        elif len(owners) > 1:
            batch.fail(
                row,
                f"DUPLICATE_EXTERNAL_ID:{name}: more than one record found for external id field: "
                f"[{', '.join(owners)}]:--",
            )
        elif owners:
            batch.ids[row] = owners[0]
        seen.add(one)
