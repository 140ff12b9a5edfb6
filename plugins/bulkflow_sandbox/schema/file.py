"""Schema files: JSON that describes objects, fields, rules and permissions.

Properties of fields have the names that Salesforce's own describe gives them. Every fault of a
file is reported at once.
"""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import TYPE_CHECKING, Final, TypeVar

from bulkflow_sandbox.errors import SchemaError
from bulkflow_sandbox.ids import to18
from bulkflow_sandbox.schema.fields import NUMBERS, Field, FieldType
from bulkflow_sandbox.schema.objects import AUDIT_FIELDS, SYSTEM_FIELDS, ObjectType, Schema
from bulkflow_sandbox.schema.rules import (
    Action,
    Comparison,
    Condition,
    DuplicateRule,
    FieldAccess,
    Permissions,
    ValidationRule,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_NAME: Final = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9]+)*(?:__c|__e|__mdt)?")
_PREFIX: Final = re.compile(r"[0-9A-Za-z]{3}")
_CUSTOM_PREFIXES: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_FIELD_PROPERTIES: Final = {
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
}
# Expressions reach the database as they are, so only the shipped file may have them.
_SHIPPED_PROPERTIES: Final = {"formula": str, "autoNumber": str}

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


def standard_schema() -> Schema:
    """The standard objects, each with a unique external id field `External_Id__c`."""
    text = resources.files(__package__).joinpath("standard.json").read_text(encoding="utf-8")
    return _Reader(Schema(objects={}), shipped=True).read(json.loads(text), "standard.json")


def load_schema(path: Path, base: Schema) -> Schema:
    """`base` with the objects, fields, rules and permissions of a schema file added.

    Raises:
        SchemaError: The file cannot be read, is no JSON, or describes something impossible.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SchemaError(
            f"cannot read the schema file {path}: {error}",
            help="give the path of a JSON file in UTF-8",
        ) from error
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise SchemaError(
            f"the schema file {path} is no JSON: {error.msg} at line {error.lineno}, "
            f"column {error.colno}",
            help="mend the file at that place",
        ) from error
    return read_schema(document, base, str(path))


def read_schema(document: object, base: Schema, name: str = "the schema") -> Schema:
    """`base` with what a JSON document describes added; `name` is for messages.

    Raises:
        SchemaError: The document describes something impossible.
    """
    return _Reader(base).read(document, name)


class _Reader:
    """Reads one document and collects its faults."""

    def __init__(self, base: Schema, *, shipped: bool = False) -> None:
        self._base = base
        self._known = dict(_FIELD_PROPERTIES) | (_SHIPPED_PROPERTIES if shipped else {})
        self._faults: list[str] = []

    def read(self, document: object, name: str) -> Schema:
        top = self._table(document, "", {"objects", "permissions"})
        objects = [
            self._object(key, value)
            for key, value in self._table(top.get("objects", {}), "objects").items()
        ]
        permissions = self._permissions(top["permissions"]) if "permissions" in top else None
        schema = self._base
        if not self._faults:
            schema = self._base.with_objects(item for item in objects if item is not None)
            self._check_names(schema)
        if self._faults:
            raise SchemaError(
                f"{name} has {len(self._faults)} fault{'s' if len(self._faults) > 1 else ''}",
                help="mend what the notes name; docs/sandbox.md describes the format",
                notes=self._faults,
            )
        return Schema(objects=schema.objects, permissions=permissions or schema.permissions)

    # Objects.

    def _object(self, name: str, value: object) -> ObjectType | None:
        place = f"objects.{name}"
        known = self._base.object(name)
        if known is None and _NAME.fullmatch(name) is None:
            self._faults.append(f"{place}: {name!r} is no API name")
        table = self._table(
            value,
            place,
            {
                "label",
                "labelPlural",
                "prefix",
                "fields",
                "validationRules",
                "duplicateRules",
                "assignmentRules",
            },
        )
        label = self._text(table, "label", place, known.label if known else name)
        plural = self._text(table, "labelPlural", place, known.label_plural if known else label)
        prefix = self._text(table, "prefix", place, known.prefix if known else "")
        if not prefix:
            prefix = self._free_prefix(name)
        if _PREFIX.fullmatch(prefix) is None:
            self._faults.append(f"{place}.prefix: {prefix!r} is not three letters or digits")
        fields: dict[str, Field] = (
            dict(known.fields) if known else {item.name: item for item in SYSTEM_FIELDS}
        )
        described = self._table(table.get("fields", {}), f"{place}.fields")
        if known is None and name.endswith("__c") and "Name" not in described:
            described = {"Name": _CUSTOM_NAME, **described}
        canonical = {item.lower(): item for item in fields}
        for field_name, properties in described.items():
            field = self._field(field_name, properties, f"{place}.fields.{field_name}")
            if field is not None:
                fields[canonical.get(field_name.lower(), field_name)] = field
        for field in AUDIT_FIELDS:
            fields.setdefault(field.name, field)
        return ObjectType(
            name=known.name if known else name,
            label=label,
            label_plural=plural,
            prefix=prefix,
            fields=fields,
            validation_rules=_merged(
                known.validation_rules if known else (),
                self._validation_rules(table.get("validationRules", []), place),
            ),
            duplicate_rules=_merged(
                known.duplicate_rules if known else (),
                self._duplicate_rules(table.get("duplicateRules", []), place),
            ),
            assignment_rules={
                **(known.assignment_rules if known else {}),
                **self._assignment_rules(table.get("assignmentRules", {}), place),
            },
        )

    def _free_prefix(self, name: str) -> str:
        taken = {item.prefix for item in self._base}
        # The name decides, so that ids stay valid when another object is added to the file.
        start = sum(ord(letter) * (index + 7) for index, letter in enumerate(name.lower()))
        for offset in range(len(_CUSTOM_PREFIXES) ** 2):
            high, low = divmod((start + offset) % 36**2, 36)
            prefix = f"a{_CUSTOM_PREFIXES[high]}{_CUSTOM_PREFIXES[low]}"
            if prefix not in taken:
                return prefix
        return "a00"

    def _field(self, name: str, value: object, place: str) -> Field | None:
        if _NAME.fullmatch(name) is None:
            self._faults.append(f"{place}: {name!r} is no API name")
        table = self._table(value, place, set(self._known))
        before = len(self._faults)
        for key, item in table.items():
            wanted = self._known.get(key, object)
            if not isinstance(item, wanted) or (wanted is int and isinstance(item, bool)):
                self._faults.append(f"{place}.{key}: {item!r} is no {_KINDS[wanted]}")
        try:
            kind = FieldType(str(table.get("type", "string")))
        except ValueError:
            known = ", ".join(sorted(FieldType))
            self._faults.append(f"{place}.type: {table['type']!r} is none of {known}")
            return None
        targets = tuple(map(str, _listed(table.get("referenceTo"))))
        if kind is FieldType.REFERENCE and not targets:
            self._faults.append(f"{place}: a reference needs 'referenceTo'")
        picklist = tuple(map(str, _listed(table.get("picklistValues"))))
        if table.get("restrictedPicklist") and not picklist:
            self._faults.append(f"{place}: a restricted picklist needs 'picklistValues'")
        if len(self._faults) > before:
            return None
        default = table.get("defaultValue")
        relationship = table.get("relationshipName")
        if relationship is None and kind is FieldType.REFERENCE:
            relationship = name[:-1] + "r" if name.endswith("__c") else name.removesuffix("Id")
        calculated = "formula" in table or "autoNumber" in table or kind is FieldType.ADDRESS
        length = table.get("length", _LENGTHS.get(kind, 0))
        return Field(
            name=name,
            type=kind,
            label=str(table.get("label", name.removesuffix("__c").replace("_", " "))),
            length=length if isinstance(length, int) else 0,
            precision=_number(table, "precision", 18 if kind in NUMBERS else 0),
            scale=_number(table, "scale", 2 if kind in NUMBERS else 0),
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
            auto_number=str(table["autoNumber"]) if "autoNumber" in table else None,
            name_field=bool(table.get("nameField", False)),
        )

    # Rules.

    def _validation_rules(self, value: object, place: str) -> tuple[ValidationRule, ...]:
        rules = []
        for index, item in enumerate(self._list(value, f"{place}.validationRules")):
            here = f"{place}.validationRules[{index}]"
            table = self._table(item, here, {"name", "when", "message", "field"})
            conditions = tuple(
                self._condition(part, f"{here}.when[{number}]")
                for number, part in enumerate(self._list(table.get("when", []), f"{here}.when"))
            )
            if not conditions:
                self._faults.append(f"{here}: a rule needs conditions in 'when'")
            rules.append(
                ValidationRule(
                    name=self._text(table, "name", here, f"rule {index + 1}"),
                    conditions=tuple(item for item in conditions if item is not None),
                    message=self._text(table, "message", here, ""),
                    field=self._text(table, "field", here, "") or None,
                )
            )
        return tuple(rules)

    def _condition(self, value: object, place: str) -> Condition | None:
        table = self._table(value, place, {"field", "is", "value"})
        word = self._text(table, "is", place, "equals")
        try:
            comparison = Comparison(word)
        except ValueError:
            known = ", ".join(Comparison)
            self._faults.append(f"{place}.is: {word!r} is none of {known}")
            return None
        wanted = table.get("value")
        if isinstance(wanted, bool):
            wanted = int(wanted)
        if not isinstance(wanted, str | int | float | None):
            self._faults.append(f"{place}.value: {wanted!r} is no text, number or boolean")
            return None
        if comparison in {Comparison.MATCHES, Comparison.NOT_MATCHES}:
            try:
                re.compile(str(wanted))
            except re.error as error:
                self._faults.append(f"{place}.value: {wanted!r} is no regular expression: {error}")
        return Condition(self._text(table, "field", place, ""), comparison, wanted)

    def _duplicate_rules(self, value: object, place: str) -> tuple[DuplicateRule, ...]:
        rules = []
        for index, item in enumerate(self._list(value, f"{place}.duplicateRules")):
            here = f"{place}.duplicateRules[{index}]"
            table = self._table(item, here, {"name", "fields", "message"})
            fields = tuple(map(str, self._list(table.get("fields", []), f"{here}.fields")))
            if not fields:
                self._faults.append(f"{here}: a rule needs 'fields'")
            name = self._text(table, "name", here, f"rule {index + 1}")
            message = self._text(table, "message", here, "")
            rules.append(
                DuplicateRule(name, fields, message) if message else DuplicateRule(name, fields)
            )
        return tuple(rules)

    def _assignment_rules(self, value: object, place: str) -> dict[str, str]:
        rules: dict[str, str] = {}
        for rule, owner in self._table(value, f"{place}.assignmentRules").items():
            rule_id, owner_id = to18(rule), to18(str(owner))
            if rule_id is None or owner_id is None:
                self._faults.append(f"{place}.assignmentRules.{rule}: must map an id to an id")
            else:
                rules[rule_id] = owner_id
        return rules

    def _permissions(self, value: object) -> Permissions:
        table = self._table(
            value, "permissions", {"hardDelete", "manageDataIntegrations", "objects", "fields"}
        )
        denied: dict[str, frozenset[Action]] = {}
        for name, allowed in self._table(table.get("objects", {}), "permissions.objects").items():
            words = self._list(allowed, f"permissions.objects.{name}")
            unknown = [word for word in words if word not in list(Action)]
            if unknown:
                self._faults.append(
                    f"permissions.objects.{name}: {unknown[0]!r} is none of {', '.join(Action)}"
                )
            denied[name] = frozenset(action for action in Action if action not in words)
        access: dict[tuple[str, str], FieldAccess] = {}
        for name, word in self._table(table.get("fields", {}), "permissions.fields").items():
            object_name, _, field_name = name.partition(".")
            if not field_name:
                self._faults.append(f"permissions.fields: {name!r} is not 'Object.Field'")
            elif word not in list(FieldAccess):
                self._faults.append(
                    f"permissions.fields.{name}: {word!r} is none of {', '.join(FieldAccess)}"
                )
            else:
                access[object_name, field_name] = FieldAccess(str(word))
        return Permissions(
            hard_delete=table.get("hardDelete", True) is True,
            manage_data_integrations=table.get("manageDataIntegrations", True) is True,
            denied=denied,
            field_access=access,
        )

    def _check_names(self, schema: Schema) -> None:
        for item in schema:
            for field in item.fields.values():
                for target in field.reference_to:
                    if target.endswith("__c") and schema.object(target) is None:
                        self._faults.append(
                            f"objects.{item.name}.fields.{field.name}: unknown object {target}"
                        )
            named = [
                (rule.name, condition.field)
                for rule in item.validation_rules
                for condition in rule.conditions
            ] + [(rule.name, name) for rule in item.duplicate_rules for name in rule.fields]
            for rule_name, name in named:
                if name not in item.fields:
                    self._faults.append(f"objects.{item.name}, {rule_name}: no field {name!r}")

    # JSON shapes.

    def _table(
        self, value: object, place: str, known: set[str] | None = None
    ) -> Mapping[str, object]:
        if not isinstance(value, dict):
            self._faults.append(f"{place or 'the document'}: must be an object in braces")
            return {}
        if known is not None:
            for key in value:
                if key not in known:
                    where = f"{place}.{key}" if place else key
                    self._faults.append(f"{where}: unknown; known are {', '.join(sorted(known))}")
        return value

    def _list(self, value: object, place: str) -> list[object]:
        if isinstance(value, list):
            return value
        self._faults.append(f"{place}: must be a list in brackets")
        return []

    def _text(self, table: Mapping[str, object], key: str, place: str, default: str) -> str:
        value = table.get(key, default)
        if isinstance(value, str):
            return value
        self._faults.append(f"{place}.{key}: {value!r} is no text")
        return default


_CUSTOM_NAME: Final = {"type": "string", "length": 80, "nameField": True}
_KINDS: Final = {str: "text", int: "whole number", bool: "true or false", list: "list", object: ""}


_Rule = TypeVar("_Rule", ValidationRule, DuplicateRule)


def _merged(known: tuple[_Rule, ...], added: tuple[_Rule, ...]) -> tuple[_Rule, ...]:
    """The known rules but those of the same name as an added one, and the added ones."""
    names = {rule.name for rule in added}
    return tuple(rule for rule in known if rule.name not in names) + added


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _number(table: Mapping[str, object], key: str, default: int) -> int:
    value = table.get(key, default)
    return value if isinstance(value, int) else default
