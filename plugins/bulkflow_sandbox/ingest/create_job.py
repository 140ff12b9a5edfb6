"""Makes an ingest job from the properties of a create request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow_sandbox.core.dates import format_moment
from bulkflow_sandbox.core.ids import to_id18
from bulkflow_sandbox.core.limits import BULK_BATCHES
from bulkflow_sandbox.jobs.job import (
    BulkJob,
    BulkJobState,
    ColumnDelimiter,
    JobType,
    LineEnding,
    Operation,
)
from bulkflow_sandbox.jobs.request_fields import read_text, read_word
from bulkflow_sandbox.schema.rules import Action

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.org import SandboxOrg
    from bulkflow_sandbox.schema.objects import ObjectType

_ACTIONS: Final = {
    Operation.INSERT: (Action.CREATE,),
    Operation.UPDATE: (Action.UPDATE,),
    Operation.UPSERT: (Action.CREATE, Action.UPDATE),
    Operation.DELETE: (Action.DELETE,),
    Operation.HARD_DELETE: (Action.DELETE,),
}
_TEXTS: Final = (
    "object",
    "operation",
    "externalIdFieldName",
    "contentType",
    "columnDelimiter",
    "lineEnding",
    "assignmentRuleId",
)


def make_job(
    properties: Mapping[str, object], org: SandboxOrg, api_version: str, user_id: str
) -> BulkJob:
    """Make an open job, without an id, from the properties of a create request.

    Raises:
        ApiError: A property is missing or invalid, or contradicts another one.
    """
    choices, schema = org.choices, org.schema
    words = {name: read_text(properties, name, choices) for name in _TEXTS}
    operation = read_word(Operation, words["operation"], "operation", choices)
    if operation is None:
        raise choices.body_unreadable.make_error(
            problem="A required property is missing: operation"
        )
    if operation not in _ACTIONS:
        raise choices.enum_invalid.make_error(value=operation, property="operation")
    object_name = words["object"]
    if object_name is None:
        raise choices.body_unreadable.make_error(problem="A required property is missing: object")
    item = schema.find_object(object_name)
    if item is None:
        raise choices.object_unknown.make_error(object=object_name)
    if operation is Operation.HARD_DELETE and not schema.permissions.hard_delete:
        raise choices.hard_delete_forbidden.make_error()
    if not all(schema.permissions.allows(action, item.name) for action in _ACTIONS[operation]):
        raise choices.operation_forbidden.make_error(object=item.name, operation=operation)
    if words["contentType"] not in {None, "CSV"}:
        raise choices.body_unreadable.make_error(
            problem=f"Unsupported value for contentType: {words['contentType']}"
        )
    if not org.limits.get_remaining(BULK_BATCHES):
        raise choices.batches_exceeded.make_error()
    ending = read_word(LineEnding, words["lineEnding"], "lineEnding", choices)
    delimiter = read_word(ColumnDelimiter, words["columnDelimiter"], "columnDelimiter", choices)
    now = format_moment(org.clock.now())
    return BulkJob(
        id="",
        job_type=JobType.INGEST,
        operation=operation,
        object=item.name,
        created_by=user_id,
        created=now,
        modified=now,
        state=BulkJobState.OPEN,
        api_version=api_version,
        line_ending=ending or LineEnding.LF,
        column_delimiter=delimiter or ColumnDelimiter.COMMA,
        external_id_field=(
            _check_key(words["externalIdFieldName"], item, choices)
            if operation is Operation.UPSERT
            else None
        ),
        assignment_rule=_check_assignment_rule(words["assignmentRuleId"], item.name, choices),
    )


def _check_assignment_rule(text: str | None, object_name: str, choices: Choices) -> str | None:
    if text is None:
        return None
    rule = to_id18(text)
    if rule is None or not rule.startswith("01Q") or object_name not in {"Case", "Lead"}:
        raise choices.assignment_rule_illegal.make_error(rule=text, object=object_name)
    return rule


def _check_key(name: str | None, item: ObjectType, choices: Choices) -> str:
    if name is None:
        raise choices.external_id_missing.make_error(object=item.name)
    key = item.find_field(name)
    if key is None or not key.is_key:
        raise choices.external_id_unknown.make_error(field=name, object=item.name)
    # Responses show the name as the request spelled it (recorded).
    return name
