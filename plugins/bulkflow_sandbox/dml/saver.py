"""Saves rows: what insert, update, upsert, delete and hardDelete do to the store.

Rows are looked up and saved as a set. Their order matters if two of them have the same key, id or
unique value, or if saving one can affect another. Such rows are saved in chunks of 200, as
Salesforce does. All others are saved in one step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from attrs import define, field

from bulkflow_sandbox.dml.checks import (
    check_required,
    check_rules,
    check_unique,
    find_unique_columns,
)
from bulkflow_sandbox.dml.columns import LookupColumn
from bulkflow_sandbox.dml.lookup import find_by_id, find_by_key, refuse_ids
from bulkflow_sandbox.dml.references import check_references, find_parents, merge_parents
from bulkflow_sandbox.dml.row_batch import read_row_batch
from bulkflow_sandbox.dml.store_writer import StoreWriter
from bulkflow_sandbox.jobs.job import Operation
from bulkflow_sandbox.schema.fields import FieldType
from bulkflow_sandbox.store.records import ensure_index, fold_key

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.dml.columns import Column, Columns
    from bulkflow_sandbox.dml.row_batch import RowBatch
    from bulkflow_sandbox.jobs.job import BulkJob
    from bulkflow_sandbox.schema.objects import ObjectType, Schema
    from bulkflow_sandbox.schema.rules import Value


@define(eq=False)
class Saver:
    """Saves the rows of one job.

    `first_id` is the id that the job's first new record could have had. Parents with that id or a
    later one are rows of the same upload. `locked` takes the number of a row in the upload, from 0,
    and returns whether another process has locked its record.
    """

    schema: Schema
    item: ObjectType
    job: BulkJob
    columns: Columns
    choices: Choices
    first_id: str
    stray_spaces: bool = False
    locked: Callable[[int], bool] | None = None
    _writer: StoreWriter = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._writer = StoreWriter(self.item, self.job, self.columns)

    def prepare(self, connection: sqlite3.Connection) -> None:
        """Create the indexes that the lookups of this job need."""
        for column in self.columns.lookups:
            ensure_index(connection, column.parent, column.key)
        if self.columns.key is not None:
            ensure_index(connection, self.item, self.columns.key.field)
        for rule in self.item.duplicate_rules:
            ensure_index(connection, self.item, self.item.fields[rule.fields[0]])

    def save(
        self, connection: sqlite3.Connection, rows: list[list[str]], number: int, now: datetime
    ) -> Iterator[RowBatch]:
        """Save rows, and yield them with their outcomes in one batch or in several.

        Args:
            connection: The transaction to save them in.
            rows: The rows.
            number: The number of the first row in the upload, from 0.
            now: When they are saved.
        """
        batch = self._read(rows, number)
        size = self.choices.chunk_rows
        batch.distinct = not self._has_repeats(batch)
        if len(rows) <= size or (batch.distinct and not self._is_order_relevant(batch)):
            self._save(connection, batch, now)
            self._name_locked_records(batch)
            yield batch
            return
        for start in range(0, len(rows), size):
            chunk = self._read(rows[start : start + size], number + start)
            self._save(connection, chunk, now)
            self._name_locked_records(chunk)
            yield chunk

    def _read(self, rows: list[list[str]], number: int) -> RowBatch:
        batch = read_row_batch(rows, self.columns, self.choices, stray_spaces=self.stray_spaces)
        if self.locked is not None:
            for row in range(len(rows)):
                if self.locked(number + row):
                    batch.fail(row, self.choices.lock_new_text)
        return batch

    def _name_locked_records(self, batch: RowBatch) -> None:
        """Put the id of the locked record into the error of each row whose record is known."""
        if self.locked is None:
            return
        for row, error in batch.errors.items():
            if error == self.choices.lock_new_text and batch.ids[row]:
                batch.errors[row] = self.choices.lock_text.format(id=batch.ids[row])

    def _has_repeats(self, batch: RowBatch) -> bool:
        """Check whether two of the rows have the same key, id or unique value."""
        columns = [] if self._deletes else find_unique_columns(batch)
        if self.columns.key is not None:
            columns.append(self.columns.key)
        for column in columns:
            keys = [
                fold_key(column.field, value)
                for value in batch.converted[column.index].values
                if value is not None
            ]
            if len(set(keys)) < len(keys):
                return True
        return False

    def _is_order_relevant(self, batch: RowBatch) -> bool:
        """Check whether saving one chunk can affect a later one, even if no value is repeated.

        An update can free a unique value. A new record can make a later row a duplicate by a rule,
        or have the key that a later row gives for its parent.
        """
        changes = self.job.operation in {Operation.UPDATE, Operation.UPSERT}
        return (
            (changes and bool(find_unique_columns(batch)))
            or (bool(self.item.duplicate_rules) and not self._deletes)
            or any(column.parent is self.item for column in self.columns.lookups)
        )

    @property
    def _deletes(self) -> bool:
        return self.job.operation in {Operation.DELETE, Operation.HARD_DELETE}

    def _save(self, connection: sqlite3.Connection, batch: RowBatch, now: datetime) -> None:
        match self.job.operation:
            case Operation.INSERT:
                refuse_ids(batch)
                self._write(connection, batch, now)
            case Operation.UPDATE:
                find_by_id(connection, batch, self.item, absent=_make_no_id_error("update"))
                self._write(connection, batch, now)
            case Operation.UPSERT:
                key = self.columns.key
                if key is None:
                    # An upsert by Id without a column of ids: all rows are new records.
                    refuse_ids(batch)
                elif key.field.type is FieldType.ID:
                    find_by_id(connection, batch, self.item, absent=None)
                else:
                    refuse_ids(batch)
                    find_by_key(connection, batch, self.item, self.choices)
                self._write(connection, batch, now)
            case Operation.DELETE | Operation.HARD_DELETE:
                find_by_id(connection, batch, self.item, absent=_make_no_id_error("delete"))
                self._writer.delete(connection, batch, now)
            case Operation.QUERY | Operation.QUERY_ALL:
                raise AssertionError("a query job has no rows to save")
            case _:
                assert_never(self.job.operation)

    def _write(self, connection: sqlite3.Connection, batch: RowBatch, now: datetime) -> None:
        """Insert the rows without an id, and update the rows with one."""
        check_references(connection, self.schema, batch)
        for lookup in self.columns.doubled:
            merge_parents(batch, lookup, self._read_values(connection, batch, lookup))
        values = {
            column.field.name: self._read_values(connection, batch, column)
            for column in self.columns.columns
        }
        check_required(batch, self.item)
        for column in find_unique_columns(batch):
            check_unique(connection, batch, self.item, column)
        check_rules(connection, batch, self.item, values)
        good = batch.list_good_rows()
        new = [row for row in good if not batch.ids[row]]
        known = [row for row in good if batch.ids[row]]
        self._writer.insert(connection, batch, values, new, now)
        self._writer.update(connection, batch, values, known, now)

    def _read_values(
        self, connection: sqlite3.Connection, batch: RowBatch, column: Column
    ) -> Sequence[Value]:
        if not isinstance(column, LookupColumn):
            return batch.converted[column.index].values
        same_upload = column.parent is self.item
        return find_parents(connection, batch, column, self.first_id if same_upload else None)


def _make_no_id_error(call: str) -> str:
    """Make the error of a row without an id (text recorded on REST for an update)."""
    article = "an" if call == "update" else "a"
    return f"MISSING_ARGUMENT:Id not specified in {article} {call} call:--"
