"""Saving rows: what insert, update, upsert, delete and hardDelete do to the store.

Rows are looked up and saved by the set. Where the order of rows matters, because the same key, id
or unique value stands in two of them or what one saves can decide about another, they are gone
through in chunks of 200, as Salesforce saves them; elsewhere all are saved at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from attrs import define

from bulkflow_sandbox.core.dates import format_moment
from bulkflow_sandbox.core.ids import make_ids
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
from bulkflow_sandbox.jobs.job import Operation
from bulkflow_sandbox.schema.fields import FieldType
from bulkflow_sandbox.store.database import take_serials
from bulkflow_sandbox.store.records import (
    ensure_index,
    fold_key,
    insert_records,
    remove_records,
    update_records,
)
from bulkflow_sandbox.store.tables import quote_name

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.dml.columns import Column, Columns
    from bulkflow_sandbox.dml.row_batch import RowBatch
    from bulkflow_sandbox.jobs.job import BulkJob
    from bulkflow_sandbox.schema.fields import Field
    from bulkflow_sandbox.schema.objects import ObjectType, Schema
    from bulkflow_sandbox.schema.rules import Value


@define(eq=False)
class Saver:
    """Saves the rows of one job.

    `first_id` is the id that the job's first new record could have had: parents from there on are
    rows of the same upload. `locked` says of how many rows, and which, another process holds the
    records: it gets the number of a row in the upload, from 0.
    """

    schema: Schema
    item: ObjectType
    job: BulkJob
    columns: Columns
    choices: Choices
    first_id: str
    stray_spaces: bool = False
    locked: Callable[[int], bool] | None = None

    def prepare(self, connection: sqlite3.Connection) -> None:
        """Makes the indexes that the look-ups of this job need."""
        for column in self.columns.lookups:
            ensure_index(connection, column.parent, column.key)
        if self.columns.key is not None:
            ensure_index(connection, self.item, self.columns.key.field)
        for rule in self.item.duplicate_rules:
            ensure_index(connection, self.item, self.item.fields[rule.fields[0]])

    def save(
        self, connection: sqlite3.Connection, rows: list[list[str]], number: int, now: datetime
    ) -> Iterator[RowBatch]:
        """Saves rows and yields them with their fates, in one batch or in several.

        Args:
            connection: Where to save them.
            rows: The rows.
            number: The number of the first of them in the upload, from 0.
            now: When they are saved.
        """
        batch = self._read(rows, number)
        size = self.choices.chunk_rows
        batch.distinct = not self._repeats(batch)
        if len(rows) <= size or (batch.distinct and not self._in_sequence(batch)):
            self._save(connection, batch, now)
            self._name_locked(batch)
            yield batch
            return
        for start in range(0, len(rows), size):
            chunk = self._read(rows[start : start + size], number + start)
            self._save(connection, chunk, now)
            self._name_locked(chunk)
            yield chunk

    def _read(self, rows: list[list[str]], number: int) -> RowBatch:
        batch = read_row_batch(rows, self.columns, self.choices, stray_spaces=self.stray_spaces)
        if self.locked is not None:
            for row in range(len(rows)):
                if self.locked(number + row):
                    batch.fail(row, self.choices.lock_new_text)
        return batch

    def _name_locked(self, batch: RowBatch) -> None:
        """Names the locked record in the error of each row that is known to be about one."""
        if self.locked is None:
            return
        for row, error in batch.errors.items():
            if error == self.choices.lock_new_text and batch.ids[row]:
                batch.errors[row] = self.choices.lock_text.format(id=batch.ids[row])

    def _repeats(self, batch: RowBatch) -> bool:
        """Whether a key, id or unique value stands in two of the rows."""
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

    def _in_sequence(self, batch: RowBatch) -> bool:
        """Whether what a chunk saves can decide about a later one, without any value repeated.

        A change can set a unique value free; a new record can be a duplicate by a rule, or come to
        have the key that a later row names as its parent's.
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
                find_by_id(connection, batch, self.item, absent=_no_id("update"))
                self._write(connection, batch, now)
            case Operation.UPSERT:
                key = self.columns.key
                if key is None:
                    # By Id, without a column of ids: all rows are new records.
                    refuse_ids(batch)
                elif key.field.type is FieldType.ID:
                    find_by_id(connection, batch, self.item, absent=None)
                else:
                    refuse_ids(batch)
                    find_by_key(connection, batch, self.item, self.choices)
                self._write(connection, batch, now)
            case Operation.DELETE | Operation.HARD_DELETE:
                find_by_id(connection, batch, self.item, absent=_no_id("delete"))
                self._delete(connection, batch, now)
            case Operation.QUERY | Operation.QUERY_ALL:
                raise AssertionError("a query job has no rows to save")
            case _:
                assert_never(self.job.operation)

    def _write(self, connection: sqlite3.Connection, batch: RowBatch, now: datetime) -> None:
        """Inserts the rows that have no id, and updates those that have one."""
        check_references(connection, self.schema, batch)
        for lookup in self.columns.doubled:
            merge_parents(batch, lookup, self._values(connection, batch, lookup))
        values = {
            column.field.name: self._values(connection, batch, column)
            for column in self.columns.columns
        }
        check_required(batch, self.item)
        for column in find_unique_columns(batch):
            check_unique(connection, batch, self.item, column)
        check_rules(connection, batch, self.item, values)
        good = batch.list_good_rows()
        new = [row for row in good if not batch.ids[row]]
        known = [row for row in good if batch.ids[row]]
        self._insert(connection, batch, values, new, now)
        self._update(connection, batch, values, known, now)

    def _values(
        self, connection: sqlite3.Connection, batch: RowBatch, column: Column
    ) -> Sequence[Value]:
        if not isinstance(column, LookupColumn):
            return batch.converted[column.index].values
        same_upload = column.parent is self.item
        return find_parents(connection, batch, column, self.first_id if same_upload else None)

    def _insert(
        self,
        connection: sqlite3.Connection,
        batch: RowBatch,
        values: Mapping[str, Sequence[Value]],
        rows: list[int],
        now: datetime,
    ) -> None:
        if not rows:
            return
        first = take_serials(connection, self.item.name, len(rows))
        ids = list(make_ids(self.item.prefix, first, len(rows)))
        fields = [column.field for column in self.columns.columns if column.field.createable]
        written = [_or_default(_pick(values[one.name], rows), self._default(one)) for one in fields]
        for one in self.item.fields.values():
            if one.auto_number is not None:
                fields.append(one)
                written.append([one.numbered(first + 1000 + offset) for offset in range(len(rows))])
        insert_records(
            connection,
            self.item,
            fields,
            zip(ids, *written, strict=True),
            self._constants(now, new=True),
        )
        for row, record_id in zip(rows, ids, strict=True):
            batch.ids[row] = record_id
            batch.created[row] = True

    def _default(self, one: Field) -> Value:
        return self._owner if one.name == "OwnerId" else one.stored_default

    @property
    def _owner(self) -> str:
        """Who owns a record that names no owner: the assignment rule decides, else the user."""
        rules = self.item.assignment_rules
        return rules.get(self.job.assignment_rule or "", self.job.created_by)

    def _update(
        self,
        connection: sqlite3.Connection,
        batch: RowBatch,
        values: Mapping[str, Sequence[Value]],
        rows: list[int],
        now: datetime,
    ) -> None:
        if not rows:
            return
        assignments: list[str] = []
        written: list[Sequence[Value]] = []
        for column in self.columns.columns:
            if not column.field.updateable:
                continue
            name = quote_name(column.field.name)
            cleared = batch.find_cleared_rows(column)
            picked = _pick(values[column.field.name], rows)
            if not batch.has_gaps(column):
                assignments.append(f"{name} = ?")
            elif not cleared or column.field.type is FieldType.BOOLEAN:
                assignments.append(f"{name} = coalesce(?, {name})")
            else:
                # A blank leaves the value, `#N/A` removes it: the mark tells them apart.
                assignments.append(f"{name} = CASE WHEN ? THEN ? ELSE {name} END")
                written.append(
                    [
                        int(value is not None or row in cleared)
                        for row, value in zip(rows, picked, strict=True)
                    ]
                )
            written.append(picked)
        ids = [batch.ids[row] for row in rows]
        update_records(
            connection,
            self.item,
            assignments,
            zip(*written, ids, strict=True),
            self._constants(now, new=False),
        )

    def _delete(self, connection: sqlite3.Connection, batch: RowBatch, now: datetime) -> None:
        ids = [batch.ids[row] for row in batch.list_good_rows()]
        if self.job.operation is Operation.HARD_DELETE:
            remove_records(connection, self.item, ids)
        else:
            update_records(
                connection,
                self.item,
                ['"IsDeleted" = 1'],
                ((one,) for one in ids),
                self._constants(now, new=False),
            )

    def _constants(self, now: datetime, *, new: bool) -> dict[str, str]:
        """The values that all records of a step are given: who changed them, and when."""
        moment, user = format_moment(now), self.job.created_by
        constants = {
            "LastModifiedDate": moment,
            "SystemModstamp": moment,
            "LastModifiedById": user,
        }
        if new:
            constants |= {"CreatedDate": moment, "CreatedById": user}
            given = {column.field.name for column in self.columns.columns}
            if "OwnerId" in self.item.fields and "OwnerId" not in given:
                constants["OwnerId"] = self._owner
        return constants


def _no_id(call: str) -> str:
    """The error of a row without an id (text recorded on REST for an update)."""
    article = "an" if call == "update" else "a"
    return f"MISSING_ARGUMENT:Id not specified in {article} {call} call:--"


def _pick(values: Sequence[Value], rows: list[int]) -> Sequence[Value]:
    return values if len(rows) == len(values) else [values[row] for row in rows]


def _or_default(values: Sequence[Value], default: Value) -> Sequence[Value]:
    if default is None or None not in values:
        return values
    return [default if value is None else value for value in values]
