"""The header of an upload, matched with the fields of the job's object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow.errors import BulkflowError
from bulkflow_sandbox.jobs.job import Operation
from bulkflow_sandbox.schema.rules import FieldAccess

if TYPE_CHECKING:
    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.jobs.job import BulkJob
    from bulkflow_sandbox.schema.fields import Field
    from bulkflow_sandbox.schema.objects import ObjectType, Schema


class JobFailedError(BulkflowError):
    """The whole job cannot be processed. The message is its `errorMessage`."""


@frozen
class FieldColumn:
    """A column with values of a field."""

    index: int
    field: Field


@frozen
class LookupColumn:
    """A column with keys of parents, whose ids go into a reference field: `Account.Ext__c`."""

    index: int
    field: Field
    parent: ObjectType
    key: Field


Column = FieldColumn | LookupColumn


@frozen
class Columns:
    """The columns of an upload, in order.

    The values of `columns` are written, one column for each field. `key` is the column that
    identifies the record. `doubled` are lookups for a field that also has a column of ids; a row
    may fill only one of the two. A row must not fill any of the `read_only` columns.
    """

    columns: tuple[Column, ...]
    width: int
    key: FieldColumn | None
    doubled: tuple[LookupColumn, ...] = ()
    read_only: tuple[FieldColumn, ...] = ()

    @property
    def lookups(self) -> tuple[LookupColumn, ...]:
        """All columns with keys of parents."""
        return (
            *(column for column in self.columns if isinstance(column, LookupColumn)),
            *self.doubled,
        )


def read_header(header: list[str], job: BulkJob, schema: Schema, choices: Choices) -> Columns:
    """Match the header of a job's upload with the fields of its object.

    Raises:
        JobFailedError: A column is unknown or repeated, or the key is missing. The message names
            only the first such column (recorded).
    """
    item = schema.find_object(job.object)
    if item is None:
        raise JobFailedError(choices.object_missing_text.format(name=job.object))
    if sum(map(len, header)) + len(header) - 1 > choices.header_limit:
        raise JobFailedError(choices.header_too_long_text.format(limit=choices.header_limit))
    if len(header) > choices.column_limit:
        raise JobFailedError(choices.too_many_columns_text.format(limit=choices.column_limit))
    key_name = _get_key_name(job)
    columns: list[Column] = []
    read_only: list[FieldColumn] = []
    seen: set[tuple[type, str]] = set()
    for index, name in enumerate(header):
        column: Column = (
            _read_lookup(index, name, item, schema, choices)
            if "." in name
            else FieldColumn(index, _find_field(name, item, schema, choices))
        )
        field_name = column.field.name
        if (type(column), field_name) in seen:
            raise JobFailedError(choices.column_twice_text.format(name=name))
        seen.add((type(column), field_name))
        if _is_key(column, key_name) or _is_writable(column.field, job, item, schema, choices):
            columns.append(column)
        elif isinstance(column, FieldColumn) and _may_stay_blank(column.field, job, item, schema):
            read_only.append(column)
        else:
            raise JobFailedError(choices.field_missing_text.format(name=name))
    key = next(
        (one for one in columns if isinstance(one, FieldColumn) and _is_key(one, key_name)), None
    )
    if key is None and key_name is not None and not _may_lack_key(job, choices):
        raise JobFailedError(choices.key_missing_text.format(name=key_name))
    plain = {one.field.name for one in columns if isinstance(one, FieldColumn)}
    doubled = tuple(
        one for one in columns if isinstance(one, LookupColumn) and one.field.name in plain
    )
    return Columns(
        tuple(one for one in columns if one not in doubled),
        len(header),
        key,
        doubled,
        tuple(read_only),
    )


def _is_key(column: Column, key_name: str | None) -> bool:
    if key_name is None or not isinstance(column, FieldColumn):
        return False
    return column.field.name.lower() == key_name.lower()


def _may_lack_key(job: BulkJob, choices: Choices) -> bool:
    """Check whether a file without the key column is valid, with all rows as new records."""
    by_id = (job.external_id_field or "").lower() == "id"
    return by_id and job.operation is Operation.UPSERT and choices.upsert_without_id_inserts


def _get_key_name(job: BulkJob) -> str | None:
    if job.operation is Operation.INSERT:
        return None
    return job.external_id_field if job.operation is Operation.UPSERT else "Id"


def _find_field(name: str, item: ObjectType, schema: Schema, choices: Choices) -> Field:
    field = item.find_field(name)
    if field is None or not field.stored:
        raise JobFailedError(choices.field_missing_text.format(name=name))
    if schema.permissions.get_field_access(item.name, field.name) is FieldAccess.HIDDEN:
        raise JobFailedError(choices.field_missing_text.format(name=name))
    return field


def _is_writable(
    field: Field, job: BulkJob, item: ObjectType, schema: Schema, choices: Choices
) -> bool:
    operation = job.operation
    if operation in {Operation.DELETE, Operation.HARD_DELETE}:
        return choices.ignored_columns_on_delete
    if field.name == "Id":
        # Rows with an id for a new record fail one by one.
        return operation in {Operation.INSERT, Operation.UPSERT}
    if schema.permissions.get_field_access(item.name, field.name) is not FieldAccess.WRITE:
        return False
    if operation is Operation.UPDATE:
        return field.updateable
    if operation is Operation.INSERT:
        return field.createable
    return field.createable or field.updateable


def _may_stay_blank(field: Field, job: BulkJob, item: ObjectType, schema: Schema) -> bool:
    """Check that a field is read-only for all users, so its column is valid if it is blank."""
    deletes = job.operation in {Operation.DELETE, Operation.HARD_DELETE}
    return (
        not deletes
        and schema.permissions.get_field_access(item.name, field.name) is FieldAccess.WRITE
    )


def _read_lookup(
    index: int, name: str, item: ObjectType, schema: Schema, choices: Choices
) -> LookupColumn:
    path, _, key_name = name.partition(".")
    type_name, _, relationship = path.rpartition(":")
    field = item.find_relationship(relationship)
    if field is None:
        raise JobFailedError(choices.relationship_missing_text.format(name=relationship))
    if type_name and not field.polymorphic:
        raise JobFailedError(choices.type_not_needed_text.format(name=relationship))
    if not type_name and field.polymorphic:
        raise JobFailedError(choices.type_needed_text.format(name=relationship))
    target = type_name or field.reference_to[0]
    parent = schema.find_object(target)
    if parent is None or parent.name not in field.reference_to:
        raise JobFailedError(choices.object_missing_text.format(name=target))
    key = parent.find_field(key_name)
    if key is None or not key.is_key:
        raise JobFailedError(choices.field_missing_text.format(name=name))
    return LookupColumn(index, field, parent, key)
