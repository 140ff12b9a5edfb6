"""Aggregate queries, such as `SELECT Type, COUNT(Id) FROM Account GROUP BY Type`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve

from bulkflow_sandbox.schema.fields import NUMBERS, Field, FieldType
from bulkflow_sandbox.soql.errors import INVALID_FIELD, MALFORMED_QUERY, make_query_error
from bulkflow_sandbox.soql.scope import QueryColumn
from bulkflow_soql.tree import FieldPath, FunctionCall

if TYPE_CHECKING:
    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.core.errors import ApiError
    from bulkflow_sandbox.soql.scope import Scope
    from bulkflow_soql.tree import Query

_FUNCTIONS: Final = {
    "COUNT": "count({})",
    "COUNT_DISTINCT": "count(DISTINCT {})",
    "SUM": "sum({})",
    "AVG": "avg({})",
    "MIN": "min({})",
    "MAX": "max({})",
}
_COUNTS: Final = frozenset({"COUNT", "COUNT_DISTINCT"})
_NUMERIC: Final = frozenset({"SUM", "AVG"})
_NOT_GROUPED: Final = NUMBERS | {FieldType.DATETIME}

_NUMBER: Final = Field(name="expr", type=FieldType.DOUBLE, label="expr", precision=18)
_WHOLE: Final = Field(name="expr", type=FieldType.INT, label="expr")


class Aggregates:
    """Resolves the names and functions of an aggregate query.

    Args:
        scope: Resolves the names to columns.
        query: The query.
        choices: The format of errors.
    """

    def __init__(self, scope: Scope, query: Query, choices: Choices) -> None:
        self._scope = scope
        self._query = query
        self._choices = choices
        self._groups: dict[tuple[str, ...], QueryColumn] = {}
        for subject in query.group:
            column = self._find_group(subject)
            self._groups[column.names] = column

    @staticmethod
    def is_needed(query: Query) -> bool:
        """Return whether a query is grouped or has functions, except FIELDS or a sole COUNT()."""
        calls = [
            one for one in query.items if isinstance(one, FunctionCall) and one.function != "FIELDS"
        ]
        lone = len(query.items) == 1 and all(
            one.function == "COUNT" and one.argument is None for one in calls
        )
        return bool(query.group or (calls and not lone))

    def list_columns(self) -> list[QueryColumn]:
        """List the columns of the field list, named as in the result.

        Raises:
            ApiError: A field is not grouped, or two columns have the same name.
        """
        columns: list[QueryColumn] = []
        seen: set[str] = set()
        unnamed = 0
        for item in self._query.items:
            assert isinstance(item, FieldPath | FunctionCall), "SyntaxCheck rejects other items"
            column = self.find_column(item)
            name = column.names[-1]
            if isinstance(item, FunctionCall):
                name = item.alias or f"expr{unnamed}"
                unnamed += item.alias is None
            if name.lower() in seen:
                raise self._make_error(item.at, MALFORMED_QUERY, f"duplicate alias: {name}")
            seen.add(name.lower())
            columns.append(evolve(column, names=(name,)))
        return columns

    def find_column(self, subject: FieldPath | FunctionCall) -> QueryColumn:
        """Find the column of a grouped field or of a function.

        Raises:
            ApiError: The field is not grouped, or the function is unknown or does not support it.
        """
        if isinstance(subject, FunctionCall):
            return self._compile_call(subject)
        column = self._scope.find_column(subject)
        if column.names not in self._groups:
            raise self._make_error(
                subject.at,
                MALFORMED_QUERY,
                f"Field must be grouped or aggregated: {column.label}",
            )
        return column

    def build_group_by(self) -> str:
        """Build the GROUP BY clause; empty if all records are one group."""
        return f" GROUP BY {', '.join(self._list_group_sql())}" if self._groups else ""

    def build_order_by(self, parts: list[str]) -> str:
        """Build the ORDER BY clause: the given parts, then the groups for a stable order."""
        everything = [*parts, *self._list_group_sql()]
        return f" ORDER BY {', '.join(everything)}" if everything else ""

    def _list_group_sql(self) -> list[str]:
        return [column.sql for column in self._groups.values()]

    def _find_group(self, subject: FieldPath | FunctionCall) -> QueryColumn:
        if isinstance(subject, FunctionCall):
            raise self._make_unknown_function_error(subject)
        column = self._scope.find_column(subject)
        if not column.field.filterable or column.field.type in _NOT_GROUPED:
            raise self._make_error(
                subject.at,
                INVALID_FIELD,
                f"field '{column.field.name}' can not be grouped in a query call",
            )
        return column

    def _compile_call(self, call: FunctionCall) -> QueryColumn:
        pattern = _FUNCTIONS.get(call.function)
        if pattern is None or (call.argument is None and call.function != "COUNT"):
            raise self._make_unknown_function_error(call)
        if call.argument is None:
            return QueryColumn((call.function,), _WHOLE, "count(*)", ())
        column = self._scope.find_column(call.argument)
        field = column.field
        number = field.type in NUMBERS or field.type is FieldType.INT
        if not field.filterable or (call.function in _NUMERIC and not number):
            raise self._make_error(
                call.at,
                MALFORMED_QUERY,
                f"field {field.name} does not support aggregate operator {call.function}",
            )
        if call.function in _COUNTS:
            field = _WHOLE
        elif call.function in _NUMERIC:
            field = _NUMBER
        return QueryColumn((call.function,), field, pattern.format(column.sql), column.tables)

    def _make_unknown_function_error(self, call: FunctionCall) -> ApiError:
        return self._make_error(
            call.at, MALFORMED_QUERY, f"the sandbox does not support the function {call.function}"
        )

    def _make_error(self, at: int, code: str, problem: str) -> ApiError:
        return make_query_error(self._choices, self._query.text, at, code, problem)
