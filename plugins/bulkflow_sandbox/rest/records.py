"""Single records: create, read, update, delete, and upsert by an external id.

Records are saved like rows of an upload, so the same rules apply to both. The text that an upload
has in `sf__Error` is parsed into the code, message and fields of a REST error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow_sandbox.core.dates import format_moment
from bulkflow_sandbox.core.errors import ApiError, make_not_found_error
from bulkflow_sandbox.core.ids import make_id, to_id18
from bulkflow_sandbox.dml.columns import JobFailedError, read_header
from bulkflow_sandbox.dml.convert import convert_column, make_malformed_id_error
from bulkflow_sandbox.dml.saver import Saver
from bulkflow_sandbox.jobs.job import BulkJob, BulkJobState, JobType, Operation
from bulkflow_sandbox.rest.record_from_json import read_properties
from bulkflow_sandbox.rest.record_to_json import RecordWriter
from bulkflow_sandbox.schema.rules import Action
from bulkflow_sandbox.soql.compile import compile_query
from bulkflow_sandbox.soql.sql_query import Surface
from bulkflow_sandbox.store.database import take_serials
from bulkflow_sandbox.store.records import find_deleted_flags, find_ids
from bulkflow_soql.tree import FieldPath, FieldTest, Literal, LiteralKind, Query
from bulkflow_soql.tree import Operator as Comparison

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bulkflow_sandbox.org import SandboxOrg
    from bulkflow_sandbox.rest.record_to_json import Record
    from bulkflow_sandbox.schema.objects import ObjectType

_NEEDED = {
    Operation.INSERT: (Action.CREATE,),
    Operation.UPDATE: (Action.UPDATE,),
    Operation.UPSERT: (Action.CREATE, Action.UPDATE),
    Operation.DELETE: (Action.DELETE,),
}


@frozen
class Saved:
    """The id of a saved record, and whether it was created."""

    id: str
    created: bool


class Records:
    """Saves, deletes and reads single records. Methods raise `ApiError` to reject a request."""

    def __init__(self, org: SandboxOrg) -> None:
        self._org = org

    def find_object(self, name: str) -> ObjectType:
        """Find a readable object by name, in any case."""
        item = self._org.schema.find_object(name)
        if item is None or not self._org.schema.permissions.allows(Action.READ, item.name):
            raise make_not_found_error()
        return item

    def create(self, name: str, properties: Mapping[str, object], user_id: str) -> Saved:
        """Create a record from JSON properties."""
        texts = read_properties(properties, self.find_object(name), self._org, creating=True)
        return self._save(name, Operation.INSERT, texts, user_id)

    def update(
        self, name: str, record_id: str, properties: Mapping[str, object], user_id: str
    ) -> Saved:
        """Update an existing record; reject unknown ids like a missing resource."""
        return self.change(name, self.find(name, record_id), properties, user_id)

    def change(
        self, name: str, record_id: str, properties: Mapping[str, object], user_id: str
    ) -> Saved:
        """Update a record; reject unknown ids like an upload rejects a row."""
        texts = read_properties(properties, self.find_object(name), self._org, creating=False)
        return self._save(name, Operation.UPDATE, {"Id": record_id} | texts, user_id)

    def delete(self, name: str, record_id: str, user_id: str) -> None:
        """Delete an existing record; reject unknown ids like a missing resource."""
        self._save(name, Operation.DELETE, {"Id": self.find(name, record_id)}, user_id)

    def remove(self, record_id: str, user_id: str) -> Saved:
        """Delete a record of any object; reject unknown ids like an upload rejects a row."""
        if to_id18(record_id) is None:
            raise parse_row_error(make_malformed_id_error(record_id))
        item = self._org.schema.find_object_by_id(record_id)
        if item is None:
            raise ApiError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        return self._save(item.name, Operation.DELETE, {"Id": record_id}, user_id)

    def upsert(
        self, name: str, key: str, value: str, properties: Mapping[str, object], user_id: str
    ) -> Saved:
        """Update the record with an external id, or create it."""
        item = self.find_object(name)
        field = item.find_field(key)
        if field is None or not field.is_key:
            raise _make_no_key_error(key)
        if any(one.lower() == field.name.lower() for one in properties):
            raise ApiError(
                400,
                "INVALID_FIELD",
                f"The {field.name} field should not be specified in the sobject data.",
            )
        texts = read_properties(properties, item, self._org, creating=True)
        return self._save(
            name, Operation.UPSERT, {field.name: value} | texts, user_id, key=field.name
        )

    def find(self, name: str, record_id: str) -> str:
        """Return the 18-character id of a record that exists and is not deleted."""
        item = self.find_object(name)
        known = to_id18(record_id)
        if known is None or not known.startswith(item.prefix):
            raise _make_no_key_error(record_id)
        with self._org.database.reading() as connection:
            mark = find_deleted_flags(connection, item, [known]).get(known)
        if mark is None:
            raise make_not_found_error()
        if mark:
            raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted")
        return known

    def find_by_key(self, name: str, key: str, value: str) -> list[str]:
        """Find the ids of the records with an external id."""
        item = self.find_object(name)
        field = item.find_field(key)
        if field is None or not field.is_key:
            raise _make_no_key_error(key)
        (stored,) = convert_column(field, [value], 0).values
        with self._org.database.reading() as connection:
            found = find_ids(connection, item, field, [stored])
        return [one for some in found.values() for one in some]

    def read(self, name: str, record_id: str, fields: Sequence[str], version: str) -> Record:
        """Read some fields of a record, or all fields if none are given."""
        item, known = self.find_object(name), self.find(name, record_id)
        # Build the query as a tree; its text is only for error messages.
        text = ",".join(fields)
        paths = [FieldPath(tuple(one.split(".")), text.find(one)) for one in fields] or [
            FieldPath((field.name,), 0)
            for field in item.fields.values()
            if self._org.schema.permissions.can_see(item.name, field.name)
        ]
        statement = compile_query(
            Query(
                text=text,
                items=tuple(paths),
                object=item.name,
                object_at=0,
                where=FieldTest(
                    FieldPath(("Id",), 0),
                    Comparison.EQUAL,
                    Literal(LiteralKind.STRING, f"'{known}'", 0),
                ),
            ),
            schema=self._org.schema,
            choices=self._org.choices,
            now=self._org.clock.now(),
            surface=Surface.REST,
        )
        with self._org.database.reading() as connection:
            row = connection.execute(statement.sql, statement.values).fetchone()
        if row is None:
            raise make_not_found_error()
        return RecordWriter(statement, version, self._org.choices.several_types).to_record(row)

    def _save(
        self,
        name: str,
        operation: Operation,
        texts: Mapping[str, str],
        user_id: str,
        *,
        key: str | None = None,
    ) -> Saved:
        org, item = self._org, self.find_object(name)
        if not all(org.schema.permissions.allows(one, item.name) for one in _NEEDED[operation]):
            raise org.choices.rest_forbidden.make_error()
        now = org.clock.now()
        job = BulkJob(
            id="",
            job_type=JobType.INGEST,
            operation=operation,
            object=item.name,
            created_by=user_id,
            created=format_moment(now),
            modified=format_moment(now),
            state=BulkJobState.IN_PROGRESS,
            api_version="",
            external_id_field=key,
        )
        try:
            columns = read_header(list(texts), job, org.schema, org.choices)
        except JobFailedError as failure:
            raise ApiError(
                400, "INVALID_FIELD", failure.message.removeprefix("InvalidBatch : ")
            ) from failure
        with org.database.writing() as connection:
            saver = Saver(
                schema=org.schema,
                item=item,
                job=job,
                columns=columns,
                choices=org.choices,
                first_id=make_id(item.prefix, take_serials(connection, item.name, 0)),
            )
            saver.prepare(connection)
            (piece,) = saver.save(connection, [list(texts.values())], 0, now)
        if piece.errors:
            raise parse_row_error(piece.errors[0])
        return Saved(piece.ids[0], piece.created[0])


def parse_row_error(text: str) -> ApiError:
    """Convert an error of a row, `CODE:message:FIELD1 FIELD2 --`, to a REST error."""
    code, _, rest = text.partition(":")
    message, _, fields = rest.rpartition(":")
    return ApiError(
        404 if code == "ENTITY_IS_DELETED" else 400,
        code,
        message,
        fields=fields.removesuffix("--").split(),
    )


def _make_no_key_error(text: str) -> ApiError:
    return ApiError(
        404,
        "NOT_FOUND",
        f"Provided external ID field does not exist or is not accessible: {text}",
    )
