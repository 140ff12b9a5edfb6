"""Conditions as SQL.

A condition is true or false, never unknown: a field without a value meets `!=` and every negation,
and no comparison but that with `null`. So a negation is pushed down to the single tests, and a
test that must not hold is `IS NOT TRUE`; those that must hold stay plain, for the indexes' sake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from bulkflow_sandbox.schema.fields import TEXTS, FieldType
from bulkflow_sandbox.soql.errors import (
    INVALID_FIELD,
    INVALID_OPERATOR,
    MALFORMED_QUERY,
    TOO_COMPLICATED,
    refusal,
)
from bulkflow_sandbox.soql.literals import like_pattern, string_value
from bulkflow_sandbox.soql.tree import (
    AllOf,
    AnyOf,
    Call,
    Condition,
    Literal,
    LiteralKind,
    Membership,
    Negation,
    Operator,
    Path,
    Query,
    Test,
)
from bulkflow_sandbox.soql.values import LiteralReader

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.core.errors import ApiError
    from bulkflow_sandbox.schema.rules import Value
    from bulkflow_sandbox.soql.aggregates import Aggregates
    from bulkflow_sandbox.soql.scope import Column, Scope

_LONGEST_PATTERN: Final = 50_000
"""Most bytes of a pattern that the database takes."""

_ORDERED: Final = {
    Operator.LESS: "<",
    Operator.LESS_OR_EQUAL: "<=",
    Operator.GREATER: ">",
    Operator.GREATER_OR_EQUAL: ">=",
}
_IDS: Final = frozenset({FieldType.ID, FieldType.REFERENCE})
_NO_ORDER: Final = frozenset({FieldType.BOOLEAN, FieldType.MULTIPICKLIST})


class Conditions:
    """Translates the conditions of one query.

    Args:
        scope: What the names mean.
        query: The query.
        choices: How refusals look, and what a week is.
        now: The present moment, for named spans of time.
        subselect: Translates the query within an IN, and gives its SQL and values.
        aggregates: What the names and functions mean, where the condition is that of HAVING.
    """

    def __init__(
        self,
        scope: Scope,
        query: Query,
        choices: Choices,
        now: datetime,
        subselect: Callable[[Query], tuple[str, list[Value]]],
        aggregates: Aggregates | None = None,
    ) -> None:
        self._scope = scope
        self._query = query
        self._choices = choices
        self._reader = LiteralReader(query, choices, now)
        self._subselect = subselect
        self._aggregates = aggregates
        self.values: list[Value] = []
        """What fills the places of the SQL, in order."""

    def sql(self, condition: Condition, *, negated: bool = False) -> str:
        """The SQL of a condition, or of its negation."""
        match condition:
            case AllOf(conditions):
                return self._joined(conditions, " OR " if negated else " AND ", negated=negated)
            case AnyOf(conditions):
                return self._joined(conditions, " AND " if negated else " OR ", negated=negated)
            case Negation(inner):
                return self.sql(inner, negated=not negated)
            case Test():
                return self._test(condition, negated=negated)
            case Membership():
                return self._membership(condition, negated=negated)
            case _:
                assert_never(condition)

    def _joined(self, conditions: tuple[Condition, ...], word: str, *, negated: bool) -> str:
        return _balanced([self.sql(one, negated=negated) for one in conditions], word)

    def _test(self, test: Test, *, negated: bool) -> str:
        column = self._column(test.subject)
        match test.operator:
            case Operator.EQUAL:
                return self._unless(negated, self._equal(column, test.value))
            case Operator.NOT_EQUAL:
                return _holds(self._equal(column, test.value), negated=not negated)
            case Operator.LIKE:
                return self._unless(negated, self._like(column, test.value))
            case operator:
                return self._unless(negated, self._ordered(column, operator, test.value))

    def _membership(self, test: Membership, *, negated: bool) -> str:
        column = self._column(test.subject)
        match test.operator:
            case Operator.INCLUDES | Operator.EXCLUDES:
                found = self._includes(column, test)
                without = test.operator is Operator.EXCLUDES
            case _:
                found = self._in(column, test)
                without = test.operator is Operator.NOT_IN
        return self._unless(negated is not without, found)

    def _unless(self, negated: bool, sql: str) -> str:
        """A test or its negation; whether a field without a value meets the latter is a choice."""
        if negated and not self._choices.nulls_meet_not:
            return f"NOT ({sql})"
        return _holds(sql, negated=negated)

    def _column(self, subject: Path | Call) -> Column:
        if self._aggregates is not None:
            return self._aggregates.column(subject)
        if isinstance(subject, Call):
            raise self._refused(
                subject.at,
                MALFORMED_QUERY,
                f"the sandbox knows no function {subject.function} in a condition",
            )
        column = self._scope.column(subject)
        if not column.field.filterable:
            raise self._refused(
                subject.at,
                INVALID_FIELD,
                f"field '{column.field.name}' can not be filtered in a query call",
            )
        return column

    def _equal(self, column: Column, literal: Literal) -> str:
        if literal.kind is LiteralKind.PERIOD:
            start, end = self._reader.span(column.field, literal)
            self.values += [start, end]
            return f"({column.sql} >= ? AND {column.sql} < ?)"
        value = self._reader.value(column.field, literal)
        if value is None:
            return f"{column.sql} IS NULL"
        self.values.append(value)
        return f"{column.sql} = ?"

    def _ordered(self, column: Column, operator: Operator, literal: Literal) -> str:
        if column.field.type in _NO_ORDER:
            raise self._refused(
                literal.at, INVALID_OPERATOR, f"invalid operator on {column.field.type} field"
            )
        if literal.kind is LiteralKind.PERIOD:
            start, end = self._reader.span(column.field, literal)
            # Before or from the first day; up to or after the last.
            early = operator in {Operator.LESS, Operator.GREATER_OR_EQUAL}
            self.values.append(start if early else end)
            below = operator in {Operator.LESS, Operator.LESS_OR_EQUAL}
            return f"{column.sql} {'<' if below else '>='} ?"
        value = self._reader.value(column.field, literal)
        if value is None:
            return "FALSE"
        self.values.append(value)
        return f"{column.sql} {_ORDERED[operator]} ?"

    def _like(self, column: Column, literal: Literal) -> str:
        field = column.field
        if field.type not in TEXTS or field.type is FieldType.MULTIPICKLIST:
            kind = "id" if field.type in _IDS else field.type.value
            raise self._refused(literal.at, INVALID_OPERATOR, f"invalid operator on {kind} field")
        if literal.kind is LiteralKind.NULL:
            return f"{column.sql} IS NULL"
        pattern = self._reader.text(column.field, literal, like_pattern)
        if len(pattern.encode()) > _LONGEST_PATTERN:
            raise self._refused(literal.at, TOO_COMPLICATED, "The pattern is too long")
        self.values.append(pattern)
        return f"{column.sql} LIKE ? ESCAPE '\\'"

    def _in(self, column: Column, test: Membership) -> str:
        if isinstance(test.values, Query):
            sql, values = self._subselect(test.values)
            self.values += values
            return f"{column.sql} IN ({sql})"
        plain: list[Value] = []
        others: list[str] = []
        for literal in test.values:
            if literal.kind is LiteralKind.PERIOD:
                others.append(self._equal(column, literal))
            else:
                plain.append(self._reader.value(column.field, literal))
        if None in plain:
            others.append(f"{column.sql} IS NULL")
            plain = [value for value in plain if value is not None]
        if plain:
            places = ", ".join("?" * len(plain))
            others.append(f"{column.sql} IN ({places})")
            self.values += plain
        return _balanced(others, " OR ")

    def _includes(self, column: Column, test: Membership) -> str:
        if column.field.type is not FieldType.MULTIPICKLIST or isinstance(test.values, Query):
            raise self._refused(
                test.at,
                INVALID_OPERATOR,
                f"invalid operator on {column.field.type.value} field",
            )
        sets: list[str] = []
        for literal in test.values:
            needed: list[str] = []
            for word in self._reader.text(column.field, literal, string_value).split(";"):
                self.values.append(word)
                needed.append(f"instr(';' || lower({column.sql}) || ';', ';' || lower(?) || ';')")
            sets.append(_balanced(needed, " AND "))
        return _balanced(sets, " OR ")

    def _refused(self, at: int, code: str, problem: str) -> ApiError:
        return refusal(self._choices, self._query.text, at, code, problem)


def _balanced(parts: list[str], word: str) -> str:
    """Joins parts in halves, because the database limits how deep an expression is."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return f"({_balanced(parts[:middle], word)}{word}{_balanced(parts[middle:], word)})"


def _holds(sql: str, *, negated: bool) -> str:
    return f"({sql}) IS NOT TRUE" if negated else sql
