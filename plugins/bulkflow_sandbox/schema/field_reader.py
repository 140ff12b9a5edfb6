"""Reading fields from schema documents.

The properties are named as in Salesforce's describe; `required` is short for `"nillable": false`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bulkflow_sandbox.schema.fields import NUMBERS, Field, FieldType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow_sandbox.schema.document import DocumentReader

_API_NAME: Final = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*(?:__c|__e|__mdt)?")
_MAX_NAME: Final = 80
"""Maximum length of a name: Salesforce allows 40, plus a namespace and a suffix."""
_MAX_LENGTH: Final = 10_000_000
_MAX_DIGITS: Final = 100

_PROPERTIES: Final = {
    "type": str,
    "label": str,
    "length": int,
    "precision": int,
    "scale": int,
    "createable": bool,
    "updateable": bool,
    "nillable": bool,
    "required": bool,
    "defaultValue": object,
    "defaultedOnCreate": bool,
    "externalId": bool,
    "idLookup": bool,
    "unique": bool,
    "caseSensitive": bool,
    "picklistValues": list,
    "restrictedPicklist": bool,
    "referenceTo": list,
    "relationshipName": str,
    "polymorphicForeignKey": bool,
    "nameField": bool,
    "autoNumber": str,
}
# Only the shipped file has formulas, because they become part of the SQL.
_SHIPPED_PROPERTIES: Final = {"formula": str}
_AUTO_NUMBER: Final = re.compile(r"([^{}]*)\{(0+)\}([^{}]*)")

_MOST: Final = {"length": _MAX_LENGTH, "precision": _MAX_DIGITS, "scale": _MAX_DIGITS}
_LENGTHS: Final = {
    FieldType.STRING: 255,
    FieldType.TEXTAREA: 255,
    FieldType.PICKLIST: 255,
    FieldType.MULTIPICKLIST: 4099,
    FieldType.COMBOBOX: 255,
    FieldType.EMAIL: 80,
    FieldType.PHONE: 40,
    FieldType.URL: 255,
    FieldType.REFERENCE: 18,
}


def is_api_name(name: str) -> bool:
    """Return whether a text is a valid API name of an object or a field."""
    return len(name) <= _MAX_NAME and _API_NAME.fullmatch(name) is not None


def read_field(
    document: DocumentReader, name: str, value: object, place: str, *, shipped: bool
) -> Field | None:
    """Read a field; return `None` and add errors to the document if it is invalid.

    Args:
        document: Reads values and collects errors.
        name: The API name of the field.
        value: The value under that name.
        place: The path of keys to the value.
        shipped: Whether the document is the file of the standard objects.
    """
    properties: dict[str, type] = _PROPERTIES | (_SHIPPED_PROPERTIES if shipped else {})
    if not is_api_name(name):
        document.add_error(place, f"{name!r} is not a valid API name")
    table = document.read_table(value, place, set(properties))
    before = len(document.errors)
    for key, item in table.items():
        _check_property(document, f"{place}.{key}", key, item, properties.get(key, object))
    try:
        kind = FieldType(str(table.get("type", "string")))
    except ValueError:
        known = ", ".join(sorted(FieldType))
        document.add_error(f"{place}.type", f"{table['type']!r} is not one of {known}")
        return None
    targets = tuple(map(str, _to_list(table.get("referenceTo"))))
    if kind is FieldType.REFERENCE and not targets:
        document.add_error(place, "a reference needs 'referenceTo'")
    picklist = tuple(map(str, _to_list(table.get("picklistValues"))))
    if table.get("restrictedPicklist") and not picklist:
        document.add_error(place, "a restricted picklist needs 'picklistValues'")
    auto_number = str(table["autoNumber"]) if "autoNumber" in table else None
    if auto_number is not None and (
        len(auto_number) > _MAX_NAME or _AUTO_NUMBER.fullmatch(auto_number) is None
    ):
        document.add_error(
            f"{place}.autoNumber", f"{auto_number!r} is not a format such as A-{{0000}}"
        )
    if len(document.errors) > before:
        return None
    default = table.get("defaultValue")
    relationship = table.get("relationshipName")
    if relationship is None and kind is FieldType.REFERENCE:
        relationship = name[:-1] + "r" if name.endswith("__c") else name.removesuffix("Id")
    calculated = "formula" in table or "autoNumber" in table or kind is FieldType.ADDRESS
    length = table.get("length", _LENGTHS.get(kind, 0) if auto_number is None else 30)
    return Field(
        name=name,
        type=kind,
        label=str(table.get("label", _make_label(name))),
        length=length if isinstance(length, int) else 0,
        precision=_get_int(table, "precision", 18 if kind in NUMBERS else 0),
        scale=_get_int(table, "scale", 2 if kind in NUMBERS else 0),
        createable=bool(table.get("createable", not calculated)),
        updateable=bool(table.get("updateable", not calculated)),
        nillable=bool(table.get("nillable", True))
        and not table.get("required", False)
        and kind is not FieldType.BOOLEAN,
        default=default if isinstance(default, str | bool | int | float) else None,
        defaulted_on_create=bool(table.get("defaultedOnCreate", default is not None)),
        external_id=bool(table.get("externalId", False)),
        id_lookup=bool(table.get("idLookup", table.get("externalId", False))),
        unique=bool(table.get("unique", False)),
        case_sensitive=bool(table.get("caseSensitive", False)),
        picklist=picklist,
        restricted=bool(table.get("restrictedPicklist", False)),
        reference_to=targets,
        relationship=str(relationship) if relationship is not None else None,
        polymorphic=bool(table.get("polymorphicForeignKey", len(targets) > 1)),
        formula=str(table["formula"]) if "formula" in table else None,
        auto_number=auto_number,
        name_field=bool(table.get("nameField", False)),
    )


def _check_property(
    document: DocumentReader, place: str, key: str, item: object, wanted: type
) -> None:
    if not isinstance(item, wanted) or (wanted is int and isinstance(item, bool)):
        document.add_error(place, f"{item!r} is not {_KINDS[wanted]}")
    elif key in _MOST and isinstance(item, int) and not 0 <= item <= _MOST[key]:
        document.add_error(place, f"{item} is not between 0 and {_MOST[key]}")


_KINDS: Final = {
    str: "a string",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    object: "",
}


def _make_label(name: str) -> str:
    """Make a label from an API name: `TickerSymbol` becomes `Ticker Symbol`."""
    words = name.removesuffix("__c").replace("_", " ")
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", re.sub(r"Id$", " ID", words)).replace("  ", " ")


def _to_list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _get_int(table: Mapping[str, object], key: str, default: int) -> int:
    value = table.get(key, default)
    return value if isinstance(value, int) else default
