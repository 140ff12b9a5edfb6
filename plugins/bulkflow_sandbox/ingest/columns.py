"""The header of an upload, read against the object that the job is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow.errors import BulkflowError
from bulkflow_sandbox.jobs.job import Operation
from bulkflow_sandbox.schema.rules import FieldAccess

if TYPE_CHECKING:
    from bulkflow_sandbox.choices import Choices
    from bulkflow_sandbox.jobs.job import Job
    from bulkflow_sandbox.schema.fields import Field
    from bulkflow_sandbox.schema.objects import ObjectType, Schema


class JobFailedError(BulkflowError):
    """The job as a whole cannot be processed; the message is its `errorMessage`."""


@frozen
class FieldColumn:
    """A column of values for a field."""

    index: int
    field: Field


@frozen
class LookupColumn:
    """A column of keys of parents, whose ids go into a reference field: `Account.Ext__c`."""

    index: int
    field: Field
    parent: ObjectType
    key: Field


Column = FieldColumn | LookupColumn


@frozen
class Columns:
    """The columns of an upload in order, and which of them names the record."""

    columns: tuple[Column, ...]
    width: int
    key: FieldColumn | None


def read_header(header: list[str], job: Job, schema: Schema, choices: Choices) -> Columns:
    """Reads the header of a job's upload.

    Raises:
        JobFailedError: A column is unknown, stands twice or cannot be written, or the one that
            names the record is missing. Only the first such column is named (recorded).
    """
    item = schema.object(job.object)
    if item is None:
        raise JobFailedError(choices.object_missing_text.format(name=job.object))
    if sum(map(len, header)) + len(header) - 1 > choices.header_limit:
        raise JobFailedError(choices.header_too_long_text.format(limit=choices.header_limit))
    if len(header) > choices.column_limit:
        raise JobFailedError(choices.too_many_columns_text.format(limit=choices.column_limit))
    key_name = _key_name(job)
    columns: list[Column] = []
    seen: set[str] = set()
    for index, name in enumerate(header):
        lookup = "." in name
        column = (
            _lookup(index, name, item, schema, choices)
            if lookup
            else FieldColumn(index, _field(name, item, schema, choices))
        )
        field_name = column.field.name
        if field_name.lower() in seen:
            raise JobFailedError(choices.column_twice_text.format(name=name))
        seen.add(field_name.lower())
        is_key = not lookup and field_name.lower() == (key_name or "").lower()
        if not is_key and not _writable(column.field, job, item, schema, choices):
            raise JobFailedError(choices.field_missing_text.format(name=name))
        columns.append(column)
    key = None
    if key_name is not None:
        key = next(
            (
                column
                for column in columns
                if isinstance(column, FieldColumn) and column.field.name.lower() == key_name.lower()
            ),
            None,
        )
        if key is None:
            raise JobFailedError(choices.key_missing_text.format(name=key_name))
    return Columns(tuple(columns), len(header), key)


def _key_name(job: Job) -> str | None:
    if job.operation is Operation.INSERT:
        return None
    return job.external_id_field if job.operation is Operation.UPSERT else "Id"


def _field(name: str, item: ObjectType, schema: Schema, choices: Choices) -> Field:
    field = item.field(name)
    if field is None or not field.stored:
        raise JobFailedError(choices.field_missing_text.format(name=name))
    if schema.permissions.access(item.name, field.name) is FieldAccess.HIDDEN:
        raise JobFailedError(choices.field_missing_text.format(name=name))
    return field


def _writable(field: Field, job: Job, item: ObjectType, schema: Schema, choices: Choices) -> bool:
    operation = job.operation
    if operation in {Operation.DELETE, Operation.HARD_DELETE}:
        return choices.ignored_columns_on_delete
    if field.name == "Id":
        # Rows that give an id to a new record fail one by one.
        return operation in {Operation.INSERT, Operation.UPSERT}
    if schema.permissions.access(item.name, field.name) is not FieldAccess.WRITE:
        return False
    if operation is Operation.UPDATE:
        return field.updateable
    if operation is Operation.INSERT:
        return field.createable
    return field.createable or field.updateable


def _lookup(
    index: int, name: str, item: ObjectType, schema: Schema, choices: Choices
) -> LookupColumn:
    path, _, key_name = name.partition(".")
    type_name, _, relationship = path.rpartition(":")
    field = item.relationship(relationship)
    if field is None:
        raise JobFailedError(choices.relationship_missing_text.format(name=relationship))
    if type_name and not field.polymorphic:
        raise JobFailedError(choices.type_not_needed_text.format(name=relationship))
    if not type_name and field.polymorphic:
        raise JobFailedError(choices.type_needed_text.format(name=relationship))
    target = type_name or field.reference_to[0]
    parent = schema.object(target)
    if parent is None or parent.name not in field.reference_to:
        raise JobFailedError(choices.object_missing_text.format(name=target))
    key = parent.field(key_name)
    if key is None or not key.is_key:
        raise JobFailedError(choices.field_missing_text.format(name=name))
    return LookupColumn(index, field, parent, key)
