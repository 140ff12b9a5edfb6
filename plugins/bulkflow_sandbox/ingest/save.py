"""Saving rows: what insert, update, upsert, delete and hardDelete do to the store.

Rows are looked up and saved by the set. What depends on the order of rows is only the same key, id
or unique value in two of them; a piece in which that happens is gone through in chunks of 200, as
Salesforce saves them, and one in which it does not is saved at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from attrs import define, field

from bulkflow_sandbox.dates import moment_text
from bulkflow_sandbox.ids import make_ids
from bulkflow_sandbox.ingest.columns import FieldColumn, LookupColumn
from bulkflow_sandbox.ingest.references import check_references, find_parents
from bulkflow_sandbox.ingest.table import column_values, given_fields, read_piece
from bulkflow_sandbox.jobs.job import Operation
from bulkflow_sandbox.schema.fields import FieldType
from bulkflow_sandbox.store.database import take_serials
from bulkflow_sandbox.store.records import (
    deleted_marks,
    ensure_index,
    folded,
    ids_of,
    insert_records,
    remove_records,
    update_records,
)
from bulkflow_sandbox.store.tables import quoted

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from bulkflow_sandbox.choices import Choices
    from bulkflow_sandbox.ingest.columns import Columns
    from bulkflow_sandbox.ingest.table import Piece
    from bulkflow_sandbox.jobs.job import Job
    from bulkflow_sandbox.schema.fields import Field
    from bulkflow_sandbox.schema.objects import ObjectType, Schema
    from bulkflow_sandbox.schema.rules import Value


@define(eq=False)
class Saver:
    """Saves the rows of one job.

    `first_id` is the id that the job's first new record could have had: parents from there on are
    rows of the same upload.
    """

    schema: Schema
    item: ObjectType
    job: Job
    columns: Columns
    choices: Choices
    first_id: str
    stray_spaces: bool = False
    given: dict[str, Field] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.given = given_fields(self.columns)

    def prepare(self, connection: sqlite3.Connection) -> None:
        """Makes the indexes that the look-ups of this job need."""
        for column in self.columns.columns:
            if isinstance(column, LookupColumn):
                ensure_index(connection, column.parent, column.key)
        if self.columns.key is not None:
            ensure_index(connection, self.item, self.columns.key.field)

    def save(
        self, connection: sqlite3.Connection, rows: list[list[str]], now: datetime
    ) -> Iterator[Piece]:
        """Saves rows and yields them with their fates, in one piece or in several."""
        piece = self._read(rows)
        size = self.choices.chunk_rows
        if len(rows) > size and self._repeats(piece):
            for start in range(0, len(rows), size):
                chunk = self._read(rows[start : start + size])
                self._save(connection, chunk, now)
                yield chunk
            return
        self._save(connection, piece, now)
        yield piece

    def _read(self, rows: list[list[str]]) -> Piece:
        piece = read_piece(rows, self.columns, self.choices, stray_spaces=self.stray_spaces)
        piece.ids = [""] * len(rows)
        return piece

    def _repeats(self, piece: Piece) -> bool:
        """Whether a key, id or unique value stands in two of the rows."""
        for column in self._distinct_columns():
            keys = [
                folded(column.field, value)
                for value in piece.converted[column.index].values
                if value is not None
            ]
            if len(set(keys)) < len(keys):
                return True
        return False

    def _distinct_columns(self) -> list[FieldColumn]:
        return [
            column
            for column in self.columns.columns
            if isinstance(column, FieldColumn)
            and (column is self.columns.key or (column.field.unique and not self._deletes))
        ]

    @property
    def _deletes(self) -> bool:
        return self.job.operation in {Operation.DELETE, Operation.HARD_DELETE}

    def _save(self, connection: sqlite3.Connection, piece: Piece, now: datetime) -> None:
        match self.job.operation:
            case Operation.INSERT:
                self._refuse_ids(piece)
                self._write(connection, piece, now)
            case Operation.UPDATE:
                self._find_by_id(connection, piece, blank="MISSING_ARGUMENT")
                self._write(connection, piece, now)
            case Operation.UPSERT:
                key = self.columns.key
                assert key is not None, "the header of an upsert has the key"
                if key.field.type is FieldType.ID:
                    self._find_by_id(connection, piece, blank=None)
                else:
                    self._refuse_ids(piece)
                    self._find_by_key(connection, piece, key)
                self._write(connection, piece, now)
            case Operation.DELETE | Operation.HARD_DELETE:
                self._find_by_id(connection, piece, blank="MISSING_ARGUMENT")
                self._delete(connection, piece, now)
            case Operation.QUERY | Operation.QUERY_ALL:
                raise AssertionError("a query job has no rows to save")
            case _:
                assert_never(self.job.operation)

    # Which record a row is about.

    def _refuse_ids(self, piece: Piece) -> None:
        for column in self.columns.columns:
            if isinstance(column, FieldColumn) and column.field.type is FieldType.ID:
                for row, text in enumerate(piece.texts[column.index]):
                    if text:
                        piece.fail(
                            row,
                            "INVALID_FIELD_FOR_INSERT_UPDATE:cannot specify Id in an insert "
                            "call:Id --",
                        )

    def _find_by_id(
        self, connection: sqlite3.Connection, piece: Piece, *, blank: str | None
    ) -> None:
        """Fills in the ids that the rows name; a blank one fails the row or means a new record."""
        key = self.columns.key
        assert key is not None, "the header has the column Id"
        values = piece.converted[key.index].values
        wanted = {
            str(value)
            for value in values
            if value is not None and str(value).startswith(self.item.prefix)
        }
        marks = deleted_marks(connection, self.item, wanted)
        seen: set[Value] = set()
        verb = "delete" if self._deletes else "update"
        for row, value in enumerate(values):
            if row in piece.errors:
                continue
            if value is None:
                if blank is not None:
                    piece.fail(row, f"{blank}:Id not specified in an {verb} call:--")
                continue
            record_id = str(value)
            if record_id in seen:
                piece.fail(row, f"DUPLICATE_VALUE:Duplicate id specified: {record_id}:Id --")
            elif record_id not in wanted:
                piece.fail(
                    row, f"INVALID_ID_FIELD:Invalid Id for entity type '{self.item.name}':--"
                )
            elif record_id not in marks:
                piece.fail(row, "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--")
            elif marks[record_id]:
                piece.fail(row, "ENTITY_IS_DELETED:entity is deleted:--")
            else:
                seen.add(record_id)
            piece.ids[row] = record_id

    def _find_by_key(self, connection: sqlite3.Connection, piece: Piece, key: FieldColumn) -> None:
        """Fills in the ids of the records that have the rows' external ids."""
        values = piece.converted[key.index].values
        keys = [folded(key.field, value) for value in values]
        found = ids_of(connection, self.item, key.field, {one for one in values if one is not None})
        seen: set[Value] = set()
        for row, one in enumerate(keys):
            if row in piece.errors:
                continue
            if one is None:
                if self.choices.blank_key_fails:
                    piece.fail(
                        row, f"MISSING_ARGUMENT:{key.field.name} not specified:{key.field.name} --"
                    )
                continue
            owners = found.get(one, [])
            if one in seen:
                text = piece.texts[key.index][row]
                piece.fail(
                    row,
                    f"DUPLICATE_VALUE:Duplicate external id specified: {text}:{key.field.name} --",
                )
            elif len(owners) > 1:
                piece.fail(
                    row,
                    f"DUPLICATE_EXTERNAL_ID:{key.field.name}: more than one record found for "
                    f"external id field: [{', '.join(owners)}]:--",
                )
            elif owners:
                piece.ids[row] = owners[0]
            seen.add(one)

    # Insert and update.

    def _write(self, connection: sqlite3.Connection, piece: Piece, now: datetime) -> None:
        """Inserts the rows that have no id, and updates those that have one."""
        check_references(connection, self.schema, piece)
        parents = {
            column.index: find_parents(
                connection,
                piece,
                column,
                self.first_id if column.parent is self.item else None,
            )
            for column in self.columns.columns
            if isinstance(column, LookupColumn)
        }
        self._check_required(piece)
        self._check_unique(connection, piece)
        good = piece.good_rows()
        inserted = [row for row in good if not piece.ids[row]]
        updated = [row for row in good if piece.ids[row]]
        piece.created = [False] * len(piece.rows)
        if inserted:
            self._insert(connection, piece, parents, inserted, now)
        if updated:
            self._update(connection, piece, parents, updated, now)

    def _check_required(self, piece: Piece) -> None:
        by_name = {
            column.field.name: column for column in self.columns.columns if column.field.required
        }
        absent = [item.name for item in self.item.required_fields if item.name not in by_name]
        gaps = {
            name: column_values(piece, column)
            for name, column in by_name.items()
            if _has_gaps(piece, column.index)
        }
        if not absent and not gaps:
            return
        for row, record_id in enumerate(piece.ids):
            if row in piece.errors:
                continue
            if record_id:
                missing = [name for name in gaps if row in _cleared(piece, by_name[name].index)]
            else:
                missing = [
                    item.name
                    for item in self.item.required_fields
                    if item.name in absent or (item.name in gaps and gaps[item.name][row] is None)
                ]
            if missing:
                piece.fail(
                    row,
                    f"REQUIRED_FIELD_MISSING:Required fields are missing: "
                    f"[{', '.join(missing)}]:{' '.join(missing)} --",
                )

    def _check_unique(self, connection: sqlite3.Connection, piece: Piece) -> None:
        for column in self._distinct_columns():
            if column is self.columns.key:
                continue
            self._check_unique_column(connection, piece, column)

    def _check_unique_column(
        self, connection: sqlite3.Connection, piece: Piece, column: FieldColumn
    ) -> None:
        item = column.field
        values = piece.converted[column.index].values
        wanted = {value for value in values if value is not None}
        if not wanted:
            return
        owners = ids_of(connection, self.item, item, wanted)
        first_row: dict[Value, int] = {}
        for row, value in enumerate(values):
            if value is None or row in piece.errors:
                continue
            key = folded(item, value)
            owner = next((one for one in owners.get(key, []) if one != piece.ids[row]), None)
            if owner is None and key in first_row:
                owner = piece.ids[first_row[key]] or "<unknown>"
            if owner is None:
                first_row[key] = row
            else:
                piece.fail(
                    row,
                    f"DUPLICATE_VALUE:duplicate value found: {item.name} duplicates value on "
                    f"record with id: {owner}:--",
                )

    def _insert(
        self,
        connection: sqlite3.Connection,
        piece: Piece,
        parents: dict[int, Sequence[Value]],
        rows: list[int],
        now: datetime,
    ) -> None:
        first = take_serials(connection, self.item.name, len(rows))
        ids = list(make_ids(self.item.prefix, first, len(rows)))
        fields: list[Field] = []
        values: list[Sequence[Value]] = []
        for column in self.columns.columns:
            if column.field.type is FieldType.ID or not column.field.createable:
                continue
            fields.append(column.field)
            values.append(
                _or_default(
                    _pick(parents.get(column.index) or column_values(piece, column), rows),
                    self._default(column.field),
                )
            )
        for item in self.item.fields.values():
            if item.auto_number is not None:
                fields.append(item)
                values.append(
                    [item.auto_number.format(first + 1000 + offset) for offset in range(len(rows))]
                )
        insert_records(
            connection,
            self.item,
            fields,
            zip(ids, *values, strict=True),
            self._constants(now, new=True),
        )
        for row, record_id in zip(rows, ids, strict=True):
            piece.ids[row] = record_id
            piece.created[row] = True

    def _default(self, item: Field) -> Value:
        if item.type is FieldType.BOOLEAN:
            return int(bool(item.default))
        if item.name == "OwnerId":
            return self.job.created_by
        return item.default

    def _update(
        self,
        connection: sqlite3.Connection,
        piece: Piece,
        parents: dict[int, Sequence[Value]],
        rows: list[int],
        now: datetime,
    ) -> None:
        assignments: list[str] = []
        values: list[Sequence[Value]] = []
        for column in self.columns.columns:
            if column.field.type is FieldType.ID or not column.field.updateable:
                continue
            name = quoted(column.field.name)
            cleared = _cleared(piece, column.index)
            picked = _pick(parents.get(column.index) or column_values(piece, column), rows)
            if not _has_gaps(piece, column.index):
                assignments.append(f"{name} = ?")
            elif not cleared or column.field.type is FieldType.BOOLEAN:
                assignments.append(f"{name} = coalesce(?, {name})")
            else:
                # A blank leaves the value, `#N/A` removes it: the mark tells them apart.
                assignments.append(f"{name} = CASE WHEN ? THEN ? ELSE {name} END")
                values.append(
                    [
                        int(value is not None or row in cleared)
                        for row, value in zip(rows, picked, strict=True)
                    ]
                )
            values.append(picked)
        ids = [piece.ids[row] for row in rows]
        update_records(
            connection,
            self.item,
            assignments,
            zip(*values, ids, strict=True),
            self._constants(now, new=False),
        )

    # Delete.

    def _delete(self, connection: sqlite3.Connection, piece: Piece, now: datetime) -> None:
        piece.created = [False] * len(piece.rows)
        ids = [piece.ids[row] for row in piece.good_rows()]
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
        moment, user = moment_text(now), self.job.created_by
        constants = {
            "LastModifiedDate": moment,
            "SystemModstamp": moment,
            "LastModifiedById": user,
        }
        if new:
            constants |= {"CreatedDate": moment, "CreatedById": user}
            if "OwnerId" in self.item.fields and "OwnerId" not in self.given:
                constants["OwnerId"] = user
        else:
            constants = {
                name: value for name, value in constants.items() if name in self.item.fields
            }
        return constants


def _has_gaps(piece: Piece, index: int) -> bool:
    """Whether a column has blanks or `#N/A`."""
    converted = piece.converted.get(index)
    if converted is None:
        texts = piece.texts[index]
        return "" in texts or "#N/A" in texts
    return converted.blank or bool(converted.cleared)


def _cleared(piece: Piece, index: int) -> frozenset[int]:
    """The rows in which a column has `#N/A`."""
    converted = piece.converted.get(index)
    if converted is None:
        return frozenset(row for row, text in enumerate(piece.texts[index]) if text == "#N/A")
    return converted.cleared


def _pick(values: Sequence[Value], rows: list[int]) -> Sequence[Value]:
    if len(rows) == len(values):
        return values
    return [values[row] for row in rows]


def _or_default(values: Sequence[Value], default: Value) -> Sequence[Value]:
    if default is None or None not in values:
        return values
    return [default if value is None else value for value in values]
