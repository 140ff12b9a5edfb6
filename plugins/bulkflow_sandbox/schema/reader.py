"""Reading whole schemas from documents, with all errors of a document in one exception."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeVar

from bulkflow_sandbox.core.errors import SchemaError
from bulkflow_sandbox.schema.document import DocumentReader
from bulkflow_sandbox.schema.field_reader import is_api_name, read_field
from bulkflow_sandbox.schema.objects import (
    AUDIT_FIELDS,
    OWNER_FIELD,
    SYSTEM_FIELDS,
    ObjectType,
    Schema,
)
from bulkflow_sandbox.schema.rule_reader import (
    read_assignment_rules,
    read_duplicate_rules,
    read_permissions,
    read_validation_rules,
)
from bulkflow_sandbox.schema.rules import DuplicateRule, ValidationRule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow_sandbox.schema.fields import Field

_PREFIX: Final = re.compile(r"[0-9A-Za-z]{3}")
_CUSTOM_PREFIXES: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CUSTOM_NAME: Final = {"type": "string", "length": 80, "nameField": True}
_MAX_FIELDS: Final = 1000
"""Maximum number of fields of an object: Salesforce allows 1,000, SQLite 2,000 columns."""
_MAX_NOTES: Final = 50
"""Maximum number of errors to list: a document can have thousands."""
_FIXED: Final = frozenset(field.name.lower() for field in (*SYSTEM_FIELDS, *AUDIT_FIELDS))
_OBJECT: Final = {
    "label",
    "labelPlural",
    "prefix",
    "fields",
    "validationRules",
    "duplicateRules",
    "assignmentRules",
}

_RESERVED: Final = frozenset({"counters", "facts", "jobs"})
"""The sandbox's own tables."""

_Rule = TypeVar("_Rule", ValidationRule, DuplicateRule)


class SchemaReader:
    """Reads one document.

    Args:
        base: The schema that the document adds to.
        shipped: Whether the document is the file of the standard objects.
    """

    def __init__(self, base: Schema, *, shipped: bool = False) -> None:
        self._base = base
        self._shipped = shipped
        self._document = DocumentReader()
        self._prefixes = {item.prefix for item in base}
        self._seen: set[str] = set()

    def read(self, value: object, name: str) -> Schema:
        """Read the document, and add it to the base; `name` is for messages.

        Raises:
            SchemaError: The document is invalid.
        """
        document = self._document
        top = document.read_table(value, "", {"objects", "permissions"})
        objects = [
            self._read_object(key, described)
            for key, described in document.read_table(top.get("objects", {}), "objects").items()
        ]
        permissions = self._base.permissions
        if "permissions" in top:
            permissions = read_permissions(document, top["permissions"])
        schema = self._base
        if not document.errors:
            schema = self._base.add_objects(objects)
            self._check_names(schema)
        if document.errors:
            count = len(document.errors)
            notes = document.errors[:_MAX_NOTES]
            if count > len(notes):
                notes.append(f"and {count - len(notes):,} more")
            raise SchemaError(
                f"{name} has {count} error{'s' if count > 1 else ''}",
                help="fix the listed errors; docs/sandbox.md describes the format",
                notes=notes,
            )
        return Schema(objects=schema.objects, permissions=permissions)

    def _read_object(self, name: str, value: object) -> ObjectType:
        document, place = self._document, f"objects.{name}"
        known = self._base.find_object(name)
        if known is None and not is_api_name(name):
            document.add_error(place, f"{name!r} is not a valid API name")
        if is_reserved_name(name):
            document.add_error(place, "the sandbox's database reserves this name; use another")
        if name.lower() in self._seen:
            document.add_error(place, "defined twice, in different case")
        self._seen.add(name.lower())
        table = document.read_table(value, place, _OBJECT)
        label = document.read_text(table, "label", place, known.label if known else name)
        plural = known.label_plural if known else label
        prefix = document.read_text(table, "prefix", place, known.prefix if known else "")
        if not prefix:
            prefix = self._find_free_prefix(name)
        if _PREFIX.fullmatch(prefix) is None:
            document.add_error(f"{place}.prefix", f"{prefix!r} is not three letters or digits")
        return ObjectType(
            name=known.name if known else name,
            label=label,
            label_plural=document.read_text(table, "labelPlural", place, plural),
            prefix=prefix,
            fields=self._read_fields(known, name, table.get("fields", {}), f"{place}.fields"),
            validation_rules=_merge_rules(
                known.validation_rules if known else (),
                read_validation_rules(document, table.get("validationRules", []), place),
            ),
            duplicate_rules=_merge_rules(
                known.duplicate_rules if known else (),
                read_duplicate_rules(document, table.get("duplicateRules", []), place),
            ),
            assignment_rules={
                **(known.assignment_rules if known else {}),
                **read_assignment_rules(document, table.get("assignmentRules", {}), place),
            },
        )

    def _read_fields(
        self, known: ObjectType | None, name: str, value: object, place: str
    ) -> Mapping[str, Field]:
        fields = dict(known.fields) if known else {one.name: one for one in SYSTEM_FIELDS}
        described = self._document.read_table(value, place)
        if known is None and name.endswith("__c") and "Name" not in described:
            described = {"Name": _CUSTOM_NAME, **described}
        if known is None and name.endswith("__c"):
            fields[OWNER_FIELD.name] = OWNER_FIELD
        canonical = {one.lower(): one for one in fields}
        seen: set[str] = set()
        for field_name, properties in described.items():
            lower = field_name.lower()
            if lower in _FIXED and not self._shipped:
                self._document.add_error(
                    f"{place}.{field_name}", "every object has this field; it cannot be changed"
                )
            if lower in seen:
                self._document.add_error(
                    f"{place}.{field_name}", "defined twice, in different case"
                )
            seen.add(lower)
            field = read_field(
                self._document,
                field_name,
                properties,
                f"{place}.{field_name}",
                shipped=self._shipped,
            )
            if field is not None:
                fields[canonical.get(lower, field_name)] = field
        for field in AUDIT_FIELDS:
            fields.setdefault(field.name, field)
        if len(fields) > _MAX_FIELDS:
            self._document.add_error(
                place, f"has {len(fields):,} fields; the maximum is {_MAX_FIELDS:,}"
            )
        return fields

    def _find_free_prefix(self, name: str) -> str:
        # Derive the prefix from the name: ids stay valid when the file gets another object.
        start = sum(ord(letter) * (index + 7) for index, letter in enumerate(name.lower()))
        size = len(_CUSTOM_PREFIXES)
        for offset in range(size**2):
            high, low = divmod((start + offset) % size**2, size)
            prefix = f"a{_CUSTOM_PREFIXES[high]}{_CUSTOM_PREFIXES[low]}"
            if prefix not in self._prefixes:
                self._prefixes.add(prefix)
                return prefix
        return ""

    def _check_names(self, schema: Schema) -> None:
        for item in schema:
            for field in item.fields.values():
                for target in field.reference_to:
                    if target.endswith("__c") and schema.find_object(target) is None:
                        self._document.add_error(
                            f"objects.{item.name}.fields.{field.name}", f"unknown object {target}"
                        )
            named = [
                (rule.name, condition.field)
                for rule in item.validation_rules
                for condition in rule.conditions
            ] + [(rule.name, name) for rule in item.duplicate_rules for name in rule.fields]
            for rule_name, name in named:
                if name not in item.fields:
                    self._document.add_error(
                        f"objects.{item.name}, {rule_name}", f"no field {name!r}"
                    )


def _merge_rules(known: tuple[_Rule, ...], added: tuple[_Rule, ...]) -> tuple[_Rule, ...]:
    """Merge rules; an added rule replaces a known one with the same name."""
    names = {rule.name for rule in added}
    return tuple(rule for rule in known if rule.name not in names) + added


def is_reserved_name(name: str) -> bool:
    """Return whether the sandbox or SQLite has a table of this name, in any case."""
    return name.lower() in _RESERVED or name.lower().startswith("sqlite_")
