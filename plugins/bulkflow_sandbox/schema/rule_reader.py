"""Rules and permissions, as schema files describe them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bulkflow_sandbox.core.ids import to_id18
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
    from bulkflow_sandbox.schema.document import Document


def read_validation_rules(
    document: Document, value: object, place: str
) -> tuple[ValidationRule, ...]:
    """The validation rules in a list, each with conditions that must all hold for it to refuse."""
    rules = []
    for index, item in enumerate(document.items(value, f"{place}.validationRules")):
        here = f"{place}.validationRules[{index}]"
        table = document.table(item, here, {"name", "when", "message", "field"})
        conditions = tuple(
            _condition(document, part, f"{here}.when[{number}]")
            for number, part in enumerate(document.items(table.get("when", []), f"{here}.when"))
        )
        if not conditions:
            document.fault(here, "a rule needs conditions in 'when'")
        rules.append(
            ValidationRule(
                name=document.text(table, "name", here, f"rule {index + 1}"),
                conditions=tuple(item for item in conditions if item is not None),
                message=document.text(table, "message", here, ""),
                field=document.text(table, "field", here, "") or None,
            )
        )
    return tuple(rules)


def _condition(document: Document, value: object, place: str) -> Condition | None:
    table = document.table(value, place, {"field", "is", "value"})
    word = document.text(table, "is", place, "equals")
    try:
        comparison = Comparison(word)
    except ValueError:
        known = ", ".join(Comparison)
        document.fault(f"{place}.is", f"{word!r} is none of {known}")
        return None
    wanted = table.get("value")
    if isinstance(wanted, bool):
        wanted = int(wanted)
    if not isinstance(wanted, str | int | float | None):
        document.fault(f"{place}.value", f"{wanted!r} is no text, number or boolean")
        return None
    if comparison in {Comparison.MATCHES, Comparison.NOT_MATCHES}:
        try:
            re.compile(str(wanted))
        except (re.error, OverflowError, RecursionError) as error:
            document.fault(f"{place}.value", f"{wanted!r} is no regular expression: {error}")
    return Condition(document.text(table, "field", place, ""), comparison, wanted)


def read_duplicate_rules(
    document: Document, value: object, place: str
) -> tuple[DuplicateRule, ...]:
    """The duplicate rules in a list."""
    rules = []
    for index, item in enumerate(document.items(value, f"{place}.duplicateRules")):
        here = f"{place}.duplicateRules[{index}]"
        table = document.table(item, here, {"name", "fields", "message"})
        fields = tuple(map(str, document.items(table.get("fields", []), f"{here}.fields")))
        if not fields:
            document.fault(here, "a rule needs 'fields'")
        name = document.text(table, "name", here, f"rule {index + 1}")
        message = document.text(table, "message", here, "")
        rules.append(
            DuplicateRule(name, fields, message) if message else DuplicateRule(name, fields)
        )
    return tuple(rules)


def read_assignment_rules(document: Document, value: object, place: str) -> dict[str, str]:
    """The owners that assignment rules give records to, by the id of the rule."""
    rules: dict[str, str] = {}
    for rule, owner in document.table(value, f"{place}.assignmentRules").items():
        rule_id, owner_id = to_id18(rule), to_id18(str(owner))
        if rule_id is None or owner_id is None:
            document.fault(f"{place}.assignmentRules.{rule}", "must map an id to an id")
        else:
            rules[rule_id] = owner_id
    return rules


def read_permissions(document: Document, value: object) -> Permissions:
    """What the user may do: all but what is left out."""
    table = document.table(
        value, "permissions", {"hardDelete", "manageDataIntegrations", "objects", "fields"}
    )
    denied: dict[str, frozenset[Action]] = {}
    for name, allowed in document.table(table.get("objects", {}), "permissions.objects").items():
        words = document.items(allowed, f"permissions.objects.{name}")
        unknown = [word for word in words if word not in list(Action)]
        if unknown:
            document.fault(
                f"permissions.objects.{name}", f"{unknown[0]!r} is none of {', '.join(Action)}"
            )
        denied[name] = frozenset(action for action in Action if action not in words)
    access: dict[tuple[str, str], FieldAccess] = {}
    for name, word in document.table(table.get("fields", {}), "permissions.fields").items():
        object_name, _, field_name = name.partition(".")
        if not field_name:
            document.fault("permissions.fields", f"{name!r} is not 'Object.Field'")
        elif word not in list(FieldAccess):
            document.fault(
                f"permissions.fields.{name}", f"{word!r} is none of {', '.join(FieldAccess)}"
            )
        else:
            access[object_name, field_name] = FieldAccess(str(word))
    return Permissions(
        hard_delete=table.get("hardDelete", True) is True,
        manage_data_integrations=table.get("manageDataIntegrations", True) is True,
        denied=denied,
        field_access=access,
    )
