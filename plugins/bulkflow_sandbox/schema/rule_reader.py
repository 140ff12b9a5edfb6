"""Reading rules and permissions from schema documents."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bulkflow_sandbox.core.ids import to_id18
from bulkflow_sandbox.schema.rules import (
    Action,
    Comparison,
    DuplicateRule,
    FieldAccess,
    Permissions,
    RuleCondition,
    ValidationRule,
)

if TYPE_CHECKING:
    from bulkflow_sandbox.schema.document import DocumentReader


def read_validation_rules(
    document: DocumentReader, value: object, place: str
) -> tuple[ValidationRule, ...]:
    """Read a list of validation rules. A rule rejects records that meet all of its conditions."""
    rules = []
    for index, item in enumerate(document.read_list(value, f"{place}.validationRules")):
        here = f"{place}.validationRules[{index}]"
        table = document.read_table(item, here, {"name", "when", "message", "field"})
        conditions = tuple(
            _read_condition(document, part, f"{here}.when[{number}]")
            for number, part in enumerate(document.read_list(table.get("when", []), f"{here}.when"))
        )
        if not conditions:
            document.add_error(here, "a rule needs conditions in 'when'")
        rules.append(
            ValidationRule(
                name=document.read_text(table, "name", here, f"rule {index + 1}"),
                conditions=tuple(item for item in conditions if item is not None),
                message=document.read_text(table, "message", here, ""),
                field=document.read_text(table, "field", here, "") or None,
            )
        )
    return tuple(rules)


def _read_condition(document: DocumentReader, value: object, place: str) -> RuleCondition | None:
    table = document.read_table(value, place, {"field", "is", "value"})
    word = document.read_text(table, "is", place, "equals")
    try:
        comparison = Comparison(word)
    except ValueError:
        known = ", ".join(Comparison)
        document.add_error(f"{place}.is", f"{word!r} is not one of {known}")
        return None
    wanted = table.get("value")
    if isinstance(wanted, bool):
        wanted = int(wanted)
    if not isinstance(wanted, str | int | float | None):
        document.add_error(f"{place}.value", f"{wanted!r} is not a string, number or boolean")
        return None
    if comparison in {Comparison.MATCHES, Comparison.NOT_MATCHES}:
        try:
            re.compile(str(wanted))
        except (re.error, OverflowError, RecursionError) as error:
            document.add_error(f"{place}.value", f"{wanted!r} is not a regular expression: {error}")
    return RuleCondition(document.read_text(table, "field", place, ""), comparison, wanted)


def read_duplicate_rules(
    document: DocumentReader, value: object, place: str
) -> tuple[DuplicateRule, ...]:
    """Read a list of duplicate rules."""
    rules = []
    for index, item in enumerate(document.read_list(value, f"{place}.duplicateRules")):
        here = f"{place}.duplicateRules[{index}]"
        table = document.read_table(item, here, {"name", "fields", "message"})
        fields = tuple(map(str, document.read_list(table.get("fields", []), f"{here}.fields")))
        if not fields:
            document.add_error(here, "a rule needs 'fields'")
        name = document.read_text(table, "name", here, f"rule {index + 1}")
        message = document.read_text(table, "message", here, "")
        rules.append(
            DuplicateRule(name, fields, message) if message else DuplicateRule(name, fields)
        )
    return tuple(rules)


def read_assignment_rules(document: DocumentReader, value: object, place: str) -> dict[str, str]:
    """Read the owners that assignment rules set, by the id of the rule."""
    rules: dict[str, str] = {}
    for rule, owner in document.read_table(value, f"{place}.assignmentRules").items():
        rule_id, owner_id = to_id18(rule), to_id18(str(owner))
        if rule_id is None or owner_id is None:
            document.add_error(f"{place}.assignmentRules.{rule}", "must map an id to an id")
        else:
            rules[rule_id] = owner_id
    return rules


def read_permissions(document: DocumentReader, value: object) -> Permissions:
    """Read the user's permissions. Objects and fields that are not listed are unrestricted."""
    table = document.read_table(
        value, "permissions", {"hardDelete", "manageDataIntegrations", "objects", "fields"}
    )
    denied: dict[str, frozenset[Action]] = {}
    for name, allowed in document.read_table(
        table.get("objects", {}), "permissions.objects"
    ).items():
        words = document.read_list(allowed, f"permissions.objects.{name}")
        unknown = [word for word in words if word not in list(Action)]
        if unknown:
            document.add_error(
                f"permissions.objects.{name}", f"{unknown[0]!r} is not one of {', '.join(Action)}"
            )
        denied[name] = frozenset(action for action in Action if action not in words)
    access: dict[tuple[str, str], FieldAccess] = {}
    for name, word in document.read_table(table.get("fields", {}), "permissions.fields").items():
        object_name, _, field_name = name.partition(".")
        if not field_name:
            document.add_error("permissions.fields", f"{name!r} is not 'Object.Field'")
        elif word not in list(FieldAccess):
            document.add_error(
                f"permissions.fields.{name}", f"{word!r} is not one of {', '.join(FieldAccess)}"
            )
        else:
            access[object_name, field_name] = FieldAccess(str(word))
    return Permissions(
        hard_delete=table.get("hardDelete", True) is True,
        manage_data_integrations=table.get("manageDataIntegrations", True) is True,
        denied=denied,
        field_access=access,
    )
