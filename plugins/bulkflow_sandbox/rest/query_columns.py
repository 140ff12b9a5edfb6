"""The columns of a query: the response to `columns=true`, which the Salesforce CLI sends.

It is not documented. The properties are the ones in use by public clients.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow_sandbox.schema.fields import NUMBERS, TEXTS, FieldType

if TYPE_CHECKING:
    from bulkflow_sandbox.schema.objects import ObjectType
    from bulkflow_sandbox.soql.sql_query import Statement

Body = dict[str, object]

_APEX_TYPES: Final = {
    FieldType.ID: "Id",
    FieldType.REFERENCE: "Id",
    FieldType.BOOLEAN: "Boolean",
    FieldType.INT: "Integer",
    FieldType.DATE: "Date",
    FieldType.DATETIME: "Datetime",
}


def build_columns(statement: Statement) -> Body:
    """Build the description of a query's columns; a parent's are inside its relationship."""
    columns: list[Body] = []
    joined: dict[tuple[str, ...], list[Body]] = {(): columns}
    for output in statement.outputs:
        for depth in range(1, len(output.names)):
            path = output.names[:depth]
            if path not in joined:
                column = _build_column(path[-1], None, None)
                joined[path] = []
                column["joinColumns"] = joined[path]
                joined[path[:-1]].append(column)
        item = statement.item if len(output.names) == 1 else None
        joined[output.names[:-1]].append(_build_column(output.names[-1], output.field_type, item))
    return {
        "columnMetadata": columns,
        "entityName": statement.item.name,
        "groupBy": False,
        "idSelected": any(output.names == ("Id",) for output in statement.outputs),
        "keyPrefix": statement.item.prefix,
    }


def _build_column(name: str, field_type: FieldType | None, item: ObjectType | None) -> Body:
    field = None if item is None else item.find_field(name)
    return {
        "aggregate": False,
        "apexType": None if field_type is None else _get_apex_type(field_type),
        "booleanType": field_type is FieldType.BOOLEAN,
        "columnName": name,
        "custom": name.endswith(("__c", "__r")),
        "displayName": name,
        "foreignKeyName": None if field is None else field.relationship,
        "insertable": field is not None and field.createable,
        "joinColumns": [],
        "numberType": field_type is FieldType.INT or field_type in NUMBERS,
        "textType": field_type in TEXTS,
        "updatable": field is not None and field.updateable,
    }


def _get_apex_type(field_type: FieldType) -> str:
    return _APEX_TYPES.get(field_type, "Decimal" if field_type in NUMBERS else "String")
