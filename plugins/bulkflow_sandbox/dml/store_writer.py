"""Writes the rows of a job to the store: new records, changed records and deleted records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow_sandbox.core.dates import format_moment
from bulkflow_sandbox.core.ids import make_ids
from bulkflow_sandbox.jobs.job import Operation
from bulkflow_sandbox.schema.fields import FieldType
from bulkflow_sandbox.store.database import take_serials
from bulkflow_sandbox.store.records import insert_records, remove_records, update_records
from bulkflow_sandbox.store.tables import quote_name

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from bulkflow_sandbox.dml.columns import Columns
    from bulkflow_sandbox.dml.row_batch import RowBatch
    from bulkflow_sandbox.jobs.job import BulkJob
    from bulkflow_sandbox.schema.fields import Field
    from bulkflow_sandbox.schema.objects import ObjectType
    from bulkflow_sandbox.schema.rules import Value


@frozen
class StoreWriter:
    """Writes the good rows of a job to the records of its object."""

    item: ObjectType
    job: BulkJob
    columns: Columns

    def insert(
        self,
        connection: sqlite3.Connection,
        batch: RowBatch,
        values: Mapping[str, Sequence[Value]],
        rows: list[int],
        now: datetime,
    ) -> None:
        """Add a record for each of `rows`, and note its id in the batch."""
        if not rows:
            return
        first = take_serials(connection, self.item.name, len(rows))
        ids = list(make_ids(self.item.prefix, first, len(rows)))
        fields = [column.field for column in self.columns.columns if column.field.createable]
        written = [
            _fill_default(_pick(values[one.name], rows), self._get_default(one)) for one in fields
        ]
        for one in self.item.fields.values():
            if one.auto_number is not None:
                fields.append(one)
                written.append(
                    [one.format_auto_number(first + 1000 + offset) for offset in range(len(rows))]
                )
        insert_records(
            connection,
            self.item,
            fields,
            zip(ids, *written, strict=True),
            self._make_constants(now, new=True),
        )
        for row, record_id in zip(rows, ids, strict=True):
            batch.ids[row] = record_id
            batch.created[row] = True

    def _get_default(self, one: Field) -> Value:
        return self._owner if one.name == "OwnerId" else one.stored_default

    @property
    def _owner(self) -> str:
        """The owner of a record without one: from the assignment rule, else the job's user."""
        rules = self.item.assignment_rules
        return rules.get(self.job.assignment_rule or "", self.job.created_by)

    def update(
        self,
        connection: sqlite3.Connection,
        batch: RowBatch,
        values: Mapping[str, Sequence[Value]],
        rows: list[int],
        now: datetime,
    ) -> None:
        """Change the records that `rows` name."""
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
                # A blank keeps the value, and `#N/A` removes it. The mark distinguishes them.
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
            self._make_constants(now, new=False),
        )

    def delete(self, connection: sqlite3.Connection, batch: RowBatch, now: datetime) -> None:
        """Move the records of the good rows to the bin, or remove them for a hardDelete."""
        ids = [batch.ids[row] for row in batch.list_good_rows()]
        if self.job.operation is Operation.HARD_DELETE:
            remove_records(connection, self.item, ids)
        else:
            update_records(
                connection,
                self.item,
                ['"IsDeleted" = 1'],
                ((one,) for one in ids),
                self._make_constants(now, new=False),
            )

    def _make_constants(self, now: datetime, *, new: bool) -> dict[str, str]:
        """Make the values that all written records share: who changed them, and when."""
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


def _pick(values: Sequence[Value], rows: list[int]) -> Sequence[Value]:
    return values if len(rows) == len(values) else [values[row] for row in rows]


def _fill_default(values: Sequence[Value], default: Value) -> Sequence[Value]:
    if default is None or None not in values:
        return values
    return [default if value is None else value for value in values]
