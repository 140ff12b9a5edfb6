"""Describes: the metadata of objects and of their fields.

The properties and their order are those of recorded describes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow_sandbox.schema.fields import NUMBERS, TEXTS, Field, FieldType
from bulkflow_sandbox.schema.rules import Action, FieldAccess

if TYPE_CHECKING:
    from bulkflow_sandbox.schema.objects import ObjectType, Schema

Body = dict[str, object]

_DIGITS: Final = 8
"""The `digits` of all int fields."""

_NOT_GROUPED: Final = NUMBERS | {FieldType.DATETIME, FieldType.ADDRESS}
_BYTES_PER_CHARACTER: Final = 3


def build_global_describe(schema: Schema, version: str) -> Body:
    """Build the body of `/sobjects`: a summary of each object."""
    return {
        "encoding": "UTF-8",
        "maxBatchSize": 200,
        "sobjects": [
            build_short_describe(schema, item, version) for item in _list_readable(schema)
        ],
    }


def build_short_describe(schema: Schema, item: ObjectType, version: str) -> Body:
    """Build the summary of an object, as in the list of all objects."""
    allows = schema.permissions.allows
    base = f"/services/data/v{version}/sobjects/{item.name}"
    return {
        "activateable": False,
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": allows(Action.CREATE, item.name),
        "custom": item.custom,
        "customSetting": False,
        "deepCloneable": False,
        "deletable": allows(Action.DELETE, item.name),
        "deprecatedAndHidden": False,
        "feedEnabled": False,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": item.prefix,
        "label": item.label,
        "labelPlural": item.label_plural,
        "layoutable": True,
        "mergeable": False,
        "mruEnabled": True,
        "name": item.name,
        "queryable": True,
        "replicateable": True,
        "retrieveable": True,
        "searchable": True,
        "triggerable": True,
        "undeletable": True,
        "updateable": allows(Action.UPDATE, item.name),
        "urls": {
            "rowTemplate": f"{base}/{{ID}}",
            "describe": f"{base}/describe",
            "sobject": base,
        },
    }


def build_describe(schema: Schema, item: ObjectType, version: str) -> Body:
    """Build the body of `/sobjects/X/describe`."""
    access = schema.permissions.get_field_access
    body = build_short_describe(schema, item, version) | {
        "actionOverrides": [],
        "childRelationships": _list_children(schema, item),
        "compactLayoutable": True,
        "defaultImplementation": None,
        "extendedBy": None,
        "extendsInterfaces": None,
        "fields": [
            _build_field(item, field, access(item.name, field.name))
            for field in item.fields.values()
            if access(item.name, field.name) is not FieldAccess.HIDDEN
        ],
        "implementedBy": None,
        "implementsInterfaces": None,
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": [],
        "searchLayoutable": True,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [],
    }
    return dict(sorted(body.items()))


def _list_readable(schema: Schema) -> list[ObjectType]:
    readable = (item for item in schema if schema.permissions.allows(Action.READ, item.name))
    return sorted(readable, key=lambda item: item.name)


def _list_children(schema: Schema, item: ObjectType) -> list[Body]:
    return [
        {
            "cascadeDelete": False,
            "childSObject": other.name,
            "deprecatedAndHidden": False,
            "field": field.name,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": None,
            "restrictedDelete": False,
        }
        for other in _list_readable(schema)
        for field in other.fields.values()
        if item.name in field.reference_to
    ]


def _build_field(item: ObjectType, field: Field, access: FieldAccess) -> Body:
    writable = access is FieldAccess.WRITE
    compound = _find_compound(item, field)
    usable = field.filterable
    whole = field.type is FieldType.ADDRESS or usable
    return {
        "aggregatable": usable and field.type is not FieldType.BOOLEAN,
        "aiPredictionField": False,
        "autoNumber": field.auto_number is not None,
        "byteLength": _get_byte_length(field),
        "calculated": False,
        "calculatedFormula": None,
        "cascadeDelete": False,
        "caseSensitive": field.case_sensitive,
        "compoundFieldName": compound,
        "controllerName": None,
        "createable": field.createable and writable and field.type is not FieldType.ADDRESS,
        "custom": field.custom,
        "defaultValue": field.default,
        "defaultValueFormula": None,
        "defaultedOnCreate": field.defaulted_on_create or field.type is FieldType.BOOLEAN,
        "dependentPicklist": False,
        "deprecatedAndHidden": False,
        "digits": _DIGITS if field.type is FieldType.INT else 0,
        "displayLocationInDecimal": False,
        "encrypted": False,
        "externalId": field.external_id,
        "extraTypeInfo": "plaintextarea" if field.type is FieldType.TEXTAREA else None,
        "filterable": whole,
        "filteredLookupInfo": None,
        "formulaTreatNullNumberAsZero": False,
        "groupable": usable and field.type not in _NOT_GROUPED,
        "highScaleNumber": False,
        "htmlFormatted": False,
        "idLookup": field.id_lookup or field.type is FieldType.ID,
        "inlineHelpText": None,
        "label": field.label,
        "length": field.length,
        "mask": None,
        "maskType": None,
        "name": field.name,
        "nameField": field.name_field,
        "namePointing": field.polymorphic,
        "nillable": field.nillable and field.type is not FieldType.BOOLEAN,
        "permissionable": field.nillable and field.createable,
        "picklistValues": [
            {
                "active": True,
                "defaultValue": value == field.default,
                "label": value,
                "validFor": None,
                "value": value,
            }
            for value in field.picklist
        ],
        "polymorphicForeignKey": field.polymorphic,
        "precision": field.precision,
        "queryByDistance": field.type is FieldType.ADDRESS,
        "referenceTargetField": None,
        "referenceTo": list(field.reference_to),
        "relationshipName": field.relationship,
        "relationshipOrder": None,
        "restrictedDelete": False,
        "restrictedPicklist": field.restricted,
        "scale": field.scale,
        "searchPrefilterable": field.type is FieldType.REFERENCE,
        "soapType": field.soap_type,
        "sortable": usable,
        "type": field.type.value,
        "unique": field.unique,
        "updateable": field.updateable and writable and field.type is not FieldType.ADDRESS,
        "writeRequiresMasterRead": False,
    }


def _get_byte_length(field: Field) -> int:
    if field.type in TEXTS:
        return field.length * _BYTES_PER_CHARACTER
    return field.length if field.type in {FieldType.ID, FieldType.REFERENCE} else 0


def _find_compound(item: ObjectType, field: Field) -> str | None:
    """Find the compound address that a field is part of."""
    for other in item.fields.values():
        if other.type is FieldType.ADDRESS:
            stem = other.name.removesuffix("Address")
            if field.name.startswith(stem) and field.name.removeprefix(stem) in _ADDRESS_PARTS:
                return other.name
    return None


_ADDRESS_PARTS: Final = frozenset(
    {
        "City",
        "Country",
        "GeocodeAccuracy",
        "Latitude",
        "Longitude",
        "PostalCode",
        "State",
        "Street",
    }
)
