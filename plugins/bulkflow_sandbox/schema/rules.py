"""Validation rules, duplicate rules, and the user's permissions."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Value = str | int | float | None
"""A value in the form of the database: text, a number (booleans are 0 and 1) or nothing."""


class Comparison(StrEnum):
    """The operator of a condition."""

    EQUALS = "equals"
    NOT_EQUALS = "not equals"
    LESS = "less than"
    LESS_OR_EQUAL = "at most"
    GREATER = "greater than"
    GREATER_OR_EQUAL = "at least"
    BLANK = "blank"
    NOT_BLANK = "not blank"
    MATCHES = "matches"
    NOT_MATCHES = "not matches"


@frozen
class RuleCondition:
    """A test of a field. Equality ignores case; `less than` etc. are false for blank values."""

    field: str
    comparison: Comparison
    value: Value = None

    def holds(  # noqa: C901 - one case for each comparison
        self, values: Mapping[str, Value]
    ) -> bool:
        """Return whether a record with these values, by field name, meets the condition."""
        value = values.get(self.field)
        match self.comparison:
            case Comparison.BLANK:
                return value is None
            case Comparison.NOT_BLANK:
                return value is not None
            case Comparison.EQUALS:
                return _fold(value) == _fold(self.value)
            case Comparison.NOT_EQUALS:
                return _fold(value) != _fold(self.value)
            case Comparison.MATCHES:
                return value is not None and re.fullmatch(str(self.value), str(value)) is not None
            case Comparison.NOT_MATCHES:
                return value is None or re.fullmatch(str(self.value), str(value)) is None
            case Comparison.LESS:
                return _compare(value, self.value, lambda order: order < 0)
            case Comparison.LESS_OR_EQUAL:
                return _compare(value, self.value, lambda order: order <= 0)
            case Comparison.GREATER:
                return _compare(value, self.value, lambda order: order > 0)
            case Comparison.GREATER_OR_EQUAL:
                return _compare(value, self.value, lambda order: order >= 0)
            case _:
                assert_never(self.comparison)


def _fold(value: Value) -> Value:
    return value.casefold() if isinstance(value, str) else value


def _compare(value: Value, other: Value, test: Callable[[int], bool]) -> bool:
    if value is None or other is None:
        return False
    if isinstance(value, str) or isinstance(other, str):
        left, right = str(value), str(other)
        return test((left > right) - (left < right))
    return test((value > other) - (value < other))


@frozen
class ValidationRule:
    """Rejects records that meet all of its conditions, with the administrator's message.

    `field` is the field that the error is reported for, if any.
    """

    name: str
    conditions: tuple[RuleCondition, ...]
    message: str
    field: str | None = None

    def refuses(self, values: Mapping[str, Value]) -> bool:
        """Return whether the rule rejects a record with these values."""
        return all(condition.holds(values) for condition in self.conditions)


@frozen
class DuplicateRule:
    """Rejects a record that has the same values in all of `fields` as an existing one."""

    name: str
    fields: tuple[str, ...]
    message: str = "Use one of these records?"


class Action(StrEnum):
    """An action on the records of an object."""

    CREATE = "create"
    READ = "read"
    UPDATE = "update"
    DELETE = "delete"


class FieldAccess(StrEnum):
    """The access of a user to a field."""

    WRITE = "write"
    READ = "read"
    HIDDEN = "hidden"


@frozen
class Permissions:
    """The permissions of the sandbox's user: everything except what is denied here."""

    hard_delete: bool = True
    manage_data_integrations: bool = True
    denied: Mapping[str, frozenset[Action]] = field(factory=dict)
    """The denied actions by object name."""
    field_access: Mapping[tuple[str, str], FieldAccess] = field(factory=dict)
    """Restricted access by object and field name."""

    def allows(self, action: Action, object_name: str) -> bool:
        """Return whether the user is allowed this action on records of the object."""
        return action not in self.denied.get(object_name, frozenset())

    def get_field_access(self, object_name: str, field_name: str) -> FieldAccess:
        """Return the user's access to a field."""
        return self.field_access.get((object_name, field_name), FieldAccess.WRITE)

    def can_see(self, object_name: str, field_name: str) -> bool:
        """Return whether the user can see a field."""
        return self.get_field_access(object_name, field_name) is not FieldAccess.HIDDEN
