"""Conversion of JSON records to the columns and texts of an upload."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow_sandbox.core.errors import ApiError
from bulkflow_sandbox.dml.convert import BLANKS, NULL_TEXT, convert_column
from bulkflow_sandbox.schema.fields import FieldType
from bulkflow_sandbox.schema.rules import FieldAccess

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow_sandbox.org import SandboxOrg
    from bulkflow_sandbox.schema.fields import Field
    from bulkflow_sandbox.schema.objects import ObjectType

_ATTRIBUTES: Final = "attributes"
_UNREADABLE: Final = "INVALID_FIELD:Failed to deserialize"


def read_properties(
    properties: Mapping[str, object], item: ObjectType, org: SandboxOrg, *, creating: bool
) -> dict[str, str]:
    """Convert the properties of a record to texts by column.

    Raises:
        ApiError: A property is not a field or not writable, or its value has the wrong type.
    """
    texts: dict[str, str] = {}
    for name, value in properties.items():
        if name == _ATTRIBUTES:
            continue
        if isinstance(value, dict):
            column, key = _read_parent(name, value)
            texts[column] = _to_text(key)
            continue
        field = item.find_field(name)
        if field is None or not org.schema.permissions.can_see(item.name, field.name):
            raise ApiError(
                400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {item.name}"
            )
        if field.type is FieldType.ID:
            raise ApiError(
                400, "INVALID_FIELD", "The Id field should not be specified in the sobject data."
            )
        _check_writable(field, item, org, creating=creating)
        texts[field.name] = _read_value(field, value, org)
    return texts


def _read_parent(name: str, value: dict[str, object]) -> tuple[str, object]:
    """Read a parent and its key, such as `{"Account": {"Ext__c": "A-1"}}`, as a column."""
    attributes = value.get(_ATTRIBUTES)
    kind = attributes.get("type") if isinstance(attributes, dict) else None
    keys = [key for key in value if key != _ATTRIBUTES]
    if len(keys) != 1:
        raise ApiError(400, "INVALID_FIELD", f"{name} must have exactly one external id")
    prefix = f"{kind}:" if isinstance(kind, str) else ""
    return f"{prefix}{name}.{keys[0]}", value[keys[0]]


def _check_writable(field: Field, item: ObjectType, org: SandboxOrg, *, creating: bool) -> None:
    allowed = field.createable if creating else field.updateable
    access = org.schema.permissions.get_field_access(item.name, field.name)
    if not allowed or access is not FieldAccess.WRITE or field.type is FieldType.ADDRESS:
        raise ApiError(
            400,
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            f"Unable to create/update fields: {field.name}. Please check the security settings of "
            "this field and verify that it is read/write for your profile or permission set.",
            fields=[field.name],
        )


def _read_value(field: Field, value: object, org: SandboxOrg) -> str:
    text = _to_text(value)
    error = convert_column(field, [text], 0).errors.get(0, "")
    if isinstance(value, list) or error.startswith(_UNREADABLE):
        raise org.choices.value_unreadable.make_error(
            type=field.soap_type.partition(":")[2], token=_name_token(value), value=text
        )
    return text


def _to_text(value: object) -> str:
    """Convert a value to the text of an upload; null and blank texts clear the field."""
    match value:
        case None:
            return NULL_TEXT
        case bool():
            return "true" if value else "false"
        case _:
            text = str(value)
            return text if text.strip(BLANKS) else NULL_TEXT


def _name_token(value: object) -> str:
    """Name the type of a JSON value, as in error messages."""
    match value:
        case bool():
            return "VALUE_TRUE" if value else "VALUE_FALSE"
        case int():
            return "VALUE_NUMBER_INT"
        case float():
            return "VALUE_NUMBER_FLOAT"
        case list():
            return "START_ARRAY"
        case _:
            return "VALUE_STRING"
