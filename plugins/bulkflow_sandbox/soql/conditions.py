"""Compiling conditions to SQL.

A condition is true or false, never unknown: a field without a value meets `!=` and every negation,
and no other comparison except with `null`. Negations are therefore pushed down to single tests. A
negated test becomes `IS NOT TRUE`; other tests stay as they are, which allows the use of indexes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from bulkflow_sandbox.schema.fields import TEXTS, FieldType
from bulkflow_sandbox.soql.errors import (
    INVALID_FIELD,
    INVALID_OPERATOR,
    MALFORMED_QUERY,
    TOO_COMPLICATED,
    make_query_error,
)
from bulkflow_sandbox.soql.literals import read_like_pattern, read_string
from bulkflow_sandbox.soql.values import LiteralReader
from bulkflow_soql.tree import (
    AllOf,
    AnyOf,
    Condition,
    FieldPath,
    FieldTest,
    FunctionCall,
    Literal,
    LiteralKind,
    Membership,
    Negation,
    Operator,
    Query,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.core.errors import ApiError
    from bulkflow_sandbox.schema.rules import Value
    from bulkflow_sandbox.soql.aggregates import Aggregates
    from bulkflow_sandbox.soql.scope import QueryColumn, Scope

_LONGEST_PATTERN: Final = 50_000
"""Maximum bytes of a pattern in the database."""

_ORDERED: Final = {
    Operator.LESS: "<",
    Operator.LESS_OR_EQUAL: "<=",
    Operator.GREATER: ">",
    Operator.GREATER_OR_EQUAL: ">=",
}
_IDS: Final = frozenset({FieldType.ID, FieldType.REFERENCE})
_NO_ORDER: Final = frozenset({FieldType.BOOLEAN, FieldType.MULTIPICKLIST})


class ConditionCompiler:
    """Compiles the conditions of one query.

    Args:
        scope: Resolves names to columns.
        query: The query.
        choices: The format of errors, and the first day of the week.
        now: The present moment, for date literals.
        subselect: Compiles the sub-select of an IN to SQL and values.
        aggregates: Resolves names and functions in HAVING; None for WHERE.
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
        """The values of the parameters in the SQL, in order."""

    def compile(self, condition: Condition, *, negated: bool = False) -> str:
        """Compile a condition or its negation."""
        match condition:
            case AllOf(conditions):
                return self._join(conditions, " OR " if negated else " AND ", negated=negated)
            case AnyOf(conditions):
                return self._join(conditions, " AND " if negated else " OR ", negated=negated)
            case Negation(inner):
                return self.compile(inner, negated=not negated)
            case FieldTest():
                return self._compile_test(condition, negated=negated)
            case Membership():
                return self._compile_membership(condition, negated=negated)
            case _:
                assert_never(condition)

    def _join(self, conditions: tuple[Condition, ...], word: str, *, negated: bool) -> str:
        return _join_balanced([self.compile(one, negated=negated) for one in conditions], word)

    def _compile_test(self, test: FieldTest, *, negated: bool) -> str:
        column = self._find_column(test.subject)
        match test.operator:
            case Operator.EQUAL:
                return self._apply_negation(negated, self._compile_equal(column, test.value))
            case Operator.NOT_EQUAL:
                return _make_two_valued(
                    self._compile_equal(column, test.value), negated=not negated
                )
            case Operator.LIKE:
                return self._apply_negation(negated, self._compile_like(column, test.value))
            case operator:
                return self._apply_negation(
                    negated, self._compile_ordered(column, operator, test.value)
                )

    def _compile_membership(self, test: Membership, *, negated: bool) -> str:
        column = self._find_column(test.subject)
        match test.operator:
            case Operator.INCLUDES | Operator.EXCLUDES:
                found = self._compile_includes(column, test)
                without = test.operator is Operator.EXCLUDES
            case _:
                found = self._compile_in(column, test)
                without = test.operator is Operator.NOT_IN
        return self._apply_negation(negated is not without, found)

    def _apply_negation(self, negated: bool, sql: str) -> str:
        """Negate a test if required. Choices decide whether a blank field meets the negation."""
        if negated and not self._choices.nulls_meet_not:
            return f"NOT ({sql})"
        return _make_two_valued(sql, negated=negated)

    def _find_column(self, subject: FieldPath | FunctionCall) -> QueryColumn:
        if self._aggregates is not None:
            return self._aggregates.find_column(subject)
        if isinstance(subject, FunctionCall):
            raise self._make_error(
                subject.at,
                MALFORMED_QUERY,
                f"the sandbox knows no function {subject.function} in a condition",
            )
        column = self._scope.find_column(subject)
        if not column.field.filterable:
            raise self._make_error(
                subject.at,
                INVALID_FIELD,
                f"field '{column.field.name}' can not be filtered in a query call",
            )
        return column

    def _compile_equal(self, column: QueryColumn, literal: Literal) -> str:
        if literal.kind is LiteralKind.PERIOD:
            start, end = self._reader.read_period(column.field, literal)
            self.values += [start, end]
            return f"({column.sql} >= ? AND {column.sql} < ?)"
        value = self._reader.read_value(column.field, literal)
        if value is None:
            return f"{column.sql} IS NULL"
        self.values.append(value)
        return f"{column.sql} = ?"

    def _compile_ordered(self, column: QueryColumn, operator: Operator, literal: Literal) -> str:
        if column.field.type in _NO_ORDER:
            raise self._make_error(
                literal.at, INVALID_OPERATOR, f"invalid operator on {column.field.type} field"
            )
        if literal.kind is LiteralKind.PERIOD:
            start, end = self._reader.read_period(column.field, literal)
            # `<` and `>=` refer to the first day, `<=` and `>` to the last.
            early = operator in {Operator.LESS, Operator.GREATER_OR_EQUAL}
            self.values.append(start if early else end)
            below = operator in {Operator.LESS, Operator.LESS_OR_EQUAL}
            return f"{column.sql} {'<' if below else '>='} ?"
        value = self._reader.read_value(column.field, literal)
        if value is None:
            return "FALSE"
        self.values.append(value)
        return f"{column.sql} {_ORDERED[operator]} ?"

    def _compile_like(self, column: QueryColumn, literal: Literal) -> str:
        field = column.field
        if field.type not in TEXTS or field.type is FieldType.MULTIPICKLIST:
            kind = "id" if field.type in _IDS else field.type.value
            raise self._make_error(
                literal.at, INVALID_OPERATOR, f"invalid operator on {kind} field"
            )
        if literal.kind is LiteralKind.NULL:
            return f"{column.sql} IS NULL"
        pattern = self._reader.read_text(column.field, literal, read_like_pattern)
        if len(pattern.encode()) > _LONGEST_PATTERN:
            raise self._make_error(literal.at, TOO_COMPLICATED, "The pattern is too long")
        self.values.append(pattern)
        return f"{column.sql} LIKE ? ESCAPE '\\'"

    def _compile_in(self, column: QueryColumn, test: Membership) -> str:
        if isinstance(test.values, Query):
            sql, values = self._subselect(test.values)
            self.values += values
            return f"{column.sql} IN ({sql})"
        plain: list[Value] = []
        others: list[str] = []
        for literal in test.values:
            if literal.kind is LiteralKind.PERIOD:
                others.append(self._compile_equal(column, literal))
            else:
                plain.append(self._reader.read_value(column.field, literal))
        if None in plain:
            others.append(f"{column.sql} IS NULL")
            plain = [value for value in plain if value is not None]
        if plain:
            places = ", ".join("?" * len(plain))
            others.append(f"{column.sql} IN ({places})")
            self.values += plain
        return _join_balanced(others, " OR ")

    def _compile_includes(self, column: QueryColumn, test: Membership) -> str:
        if column.field.type is not FieldType.MULTIPICKLIST or isinstance(test.values, Query):
            raise self._make_error(
                test.at,
                INVALID_OPERATOR,
                f"invalid operator on {column.field.type.value} field",
            )
        sets: list[str] = []
        for literal in test.values:
            needed: list[str] = []
            for word in self._reader.read_text(column.field, literal, read_string).split(";"):
                self.values.append(word)
                needed.append(f"instr(';' || lower({column.sql}) || ';', ';' || lower(?) || ';')")
            sets.append(_join_balanced(needed, " AND "))
        return _join_balanced(sets, " OR ")

    def _make_error(self, at: int, code: str, problem: str) -> ApiError:
        return make_query_error(self._choices, self._query.text, at, code, problem)


def _join_balanced(parts: list[str], word: str) -> str:
    """Join parts as a balanced tree, because the database limits the depth of expressions."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return f"({_join_balanced(parts[:middle], word)}{word}{_join_balanced(parts[middle:], word)})"


def _make_two_valued(sql: str, *, negated: bool) -> str:
    return f"({sql}) IS NOT TRUE" if negated else sql
