"""Checks of rows whose values are valid: required fields, unique values and rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow_sandbox.dml.columns import FieldColumn
from bulkflow_sandbox.schema.fields import FieldType
from bulkflow_sandbox.store.records import find_ids, fold_key, read_values

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from bulkflow_sandbox.dml.row_batch import RowBatch
    from bulkflow_sandbox.schema.objects import ObjectType
    from bulkflow_sandbox.schema.rules import DuplicateRule, Value


def check_required(batch: RowBatch, item: ObjectType) -> None:
    """Fail rows without a value for a required field, and rows that remove it."""
    given = {column.field.name: column for column in batch.columns.columns}
    absent = {one.name for one in item.required_fields if one.name not in given}
    gaps = {
        one.name: given[one.name]
        for one in item.required_fields
        if one.name in given and batch.has_gaps(given[one.name])
    }
    if not absent and not gaps:
        return
    blanks = {name: batch.find_blank_rows(column) for name, column in gaps.items()}
    cleared = {name: batch.find_cleared_rows(column) for name, column in gaps.items()}
    for row, record_id in enumerate(batch.ids):
        if row in batch.errors:
            continue
        if record_id:
            missing = [name for name in gaps if row in cleared[name]]
        else:
            missing = [
                one.name
                for one in item.required_fields
                if one.name in absent or (one.name in gaps and row in blanks[one.name])
            ]
        if missing:
            batch.fail(
                row,
                f"REQUIRED_FIELD_MISSING:Required fields are missing: [{', '.join(missing)}]:"
                f"{' '.join(missing)} --",
            )


def find_unique_columns(batch: RowBatch) -> list[FieldColumn]:
    """Find the columns of unique fields, except the key, which is looked up elsewhere."""
    return [
        column
        for column in batch.columns.columns
        if isinstance(column, FieldColumn)
        and column.field.unique
        and column is not batch.columns.key
    ]


def check_unique(
    connection: sqlite3.Connection, batch: RowBatch, item: ObjectType, column: FieldColumn
) -> None:
    """Fail rows if another record or an earlier row has their value of a unique field."""
    values = batch.converted[column.index].values
    wanted = {value for value in values if value is not None}
    if not wanted:
        return
    owners = find_ids(connection, item, column.field, wanted)
    if not owners and batch.distinct:
        return
    first_row: dict[Value, int] = {}
    for row, value in enumerate(values):
        if value is None or row in batch.errors:
            continue
        key = fold_key(column.field, value)
        owner = next((one for one in owners.get(key, []) if one != batch.ids[row]), None)
        if owner is None and key in first_row:
            # The earlier row is saved in the same step, so its new record has no id yet.
            owner = batch.ids[first_row[key]] or "<unknown>"
        if owner is None:
            first_row[key] = row
        else:
            batch.fail(
                row,
                f"DUPLICATE_VALUE:duplicate value found: {column.field.name} duplicates value on "
                f"record with id: {owner}:--",
            )


def check_rules(
    connection: sqlite3.Connection,
    batch: RowBatch,
    item: ObjectType,
    values: Mapping[str, Sequence[Value]],
) -> None:
    """Fail rows that a validation rule or a duplicate rule refuses.

    Args:
        connection: Where to read records.
        batch: The rows, with the ids of the records that they change.
        item: The object.
        values: The values to write, by field name; `None` keeps the value of the record.
    """
    if not item.validation_rules and not item.duplicate_rules:
        return
    names = {condition.field for rule in item.validation_rules for condition in rule.conditions} | {
        name for rule in item.duplicate_rules for name in rule.fields
    }
    records = _predict_records(connection, batch, item, sorted(names), values)
    for rule in item.validation_rules:
        for row, record in records.items():
            if rule.refuses(record):
                place = f"{rule.field} --" if rule.field else "--"
                batch.fail(row, f"FIELD_CUSTOM_VALIDATION_EXCEPTION:{rule.message}:{place}")
    for duplicate_rule in item.duplicate_rules:
        _check_duplicates(connection, batch, item, duplicate_rule, records)


def _predict_records(
    connection: sqlite3.Connection,
    batch: RowBatch,
    item: ObjectType,
    names: Sequence[str],
    values: Mapping[str, Sequence[Value]],
) -> dict[int, dict[str, Value]]:
    """Compute some fields of each good row's record as they will be after it is saved."""
    good = batch.list_good_rows()
    fields = [item.fields[name] for name in names]
    known = read_values(
        connection, item, fields, {batch.ids[row] for row in good if batch.ids[row]}
    )
    cleared = {
        column.field.name: batch.find_cleared_rows(column) for column in batch.columns.columns
    }
    records: dict[int, dict[str, Value]] = {}
    for row in good:
        record_id = batch.ids[row]
        before: Sequence[Value] = (
            known[record_id] if record_id else [one.stored_default for one in fields]
        )
        record = dict(zip(names, before, strict=True))
        for name in names:
            if name in values and values[name][row] is not None:
                record[name] = values[name][row]
            elif row in cleared.get(name, ()) and item.fields[name].type is not FieldType.BOOLEAN:
                record[name] = None
        records[row] = record
    return records


def _check_duplicates(
    connection: sqlite3.Connection,
    batch: RowBatch,
    item: ObjectType,
    rule: DuplicateRule,
    records: Mapping[int, Mapping[str, Value]],
) -> None:
    fields = [item.fields[name] for name in rule.fields]

    def make_key(values: Sequence[Value]) -> tuple[Value, ...]:
        return tuple(fold_key(one, value) for one, value in zip(fields, values, strict=True))

    keys = {
        row: make_key([record[name] for name in rule.fields]) for row, record in records.items()
    }
    keys = {row: one for row, one in keys.items() if None not in one}
    firsts = {records[row][rule.fields[0]] for row in keys}
    candidates = [
        one for ids in find_ids(connection, item, fields[0], firsts).values() for one in ids
    ]
    owners: dict[tuple[Value, ...], set[str]] = {}
    for record_id, values in read_values(connection, item, fields, candidates).items():
        owners.setdefault(make_key(values), set()).add(record_id)
    for row, one in keys.items():
        if owners.get(one, set()) - {batch.ids[row]}:
            batch.fail(row, f"DUPLICATES_DETECTED:{rule.message}:--")
