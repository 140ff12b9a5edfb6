"""Aggregate functions and groups: `SELECT Type, COUNT(Id) FROM Account GROUP BY Type`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve

from bulkflow_sandbox.schema.fields import NUMBERS, Field, FieldType
from bulkflow_sandbox.soql.errors import INVALID_FIELD, MALFORMED_QUERY, refusal
from bulkflow_sandbox.soql.scope import Column
from bulkflow_sandbox.soql.tree import Call, Path

if TYPE_CHECKING:
    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.core.errors import ApiError
    from bulkflow_sandbox.soql.scope import Scope
    from bulkflow_sandbox.soql.tree import Query

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
    """What the names and functions of a grouped query mean.

    Args:
        scope: What the names mean.
        query: The query.
        choices: How refusals look.
    """

    def __init__(self, scope: Scope, query: Query, choices: Choices) -> None:
        self._scope = scope
        self._query = query
        self._choices = choices
        self._groups: dict[tuple[str, ...], Column] = {}
        for subject in query.group:
            column = self._group(subject)
            self._groups[column.names] = column

    @staticmethod
    def in_query(query: Query) -> bool:
        """Whether a query is grouped, or has a function besides `FIELDS` and a lone `COUNT()`."""
        calls = [one for one in query.items if isinstance(one, Call) and one.function != "FIELDS"]
        lone = len(query.items) == 1 and all(
            one.function == "COUNT" and one.argument is None for one in calls
        )
        return bool(query.group or (calls and not lone))

    def selected(self) -> list[Column]:
        """The columns of the field list, under the names that their values are answered with.

        Raises:
            ApiError: A field is in no group, or two have one name.
        """
        columns: list[Column] = []
        seen: set[str] = set()
        unnamed = 0
        for item in self._query.items:
            assert isinstance(item, Path | Call), "other items were refused"
            column = self.column(item)
            name = column.names[-1]
            if isinstance(item, Call):
                name = item.alias or f"expr{unnamed}"
                unnamed += item.alias is None
            if name.lower() in seen:
                raise self._refused(item.at, MALFORMED_QUERY, f"duplicate alias: {name}")
            seen.add(name.lower())
            columns.append(evolve(column, names=(name,)))
        return columns

    def column(self, subject: Path | Call) -> Column:
        """The column of a grouped field or of a function.

        Raises:
            ApiError: The field is in no group; the function is unknown, or not for the field.
        """
        if isinstance(subject, Call):
            return self._call(subject)
        column = self._scope.column(subject)
        if column.names not in self._groups:
            raise self._refused(
                subject.at,
                MALFORMED_QUERY,
                f"Field must be grouped or aggregated: {column.label}",
            )
        return column

    def group_by(self) -> str:
        """The GROUP BY clause; nothing where all records are one group."""
        return f" GROUP BY {', '.join(self._sql_of_groups())}" if self._groups else ""

    def order(self, parts: list[str]) -> str:
        """The ORDER BY clause: some parts, then the groups, so that no order is left open."""
        everything = [*parts, *self._sql_of_groups()]
        return f" ORDER BY {', '.join(everything)}" if everything else ""

    def _sql_of_groups(self) -> list[str]:
        return [column.sql for column in self._groups.values()]

    def _group(self, subject: Path | Call) -> Column:
        if isinstance(subject, Call):
            raise self._unknown(subject)
        column = self._scope.column(subject)
        if not column.field.filterable or column.field.type in _NOT_GROUPED:
            raise self._refused(
                subject.at,
                INVALID_FIELD,
                f"field '{column.field.name}' can not be grouped in a query call",
            )
        return column

    def _call(self, call: Call) -> Column:
        pattern = _FUNCTIONS.get(call.function)
        if pattern is None or (call.argument is None and call.function != "COUNT"):
            raise self._unknown(call)
        if call.argument is None:
            return Column((call.function,), _WHOLE, "count(*)", ())
        column = self._scope.column(call.argument)
        field = column.field
        number = field.type in NUMBERS or field.type is FieldType.INT
        if not field.filterable or (call.function in _NUMERIC and not number):
            raise self._refused(
                call.at,
                MALFORMED_QUERY,
                f"field {field.name} does not support aggregate operator {call.function}",
            )
        if call.function in _COUNTS:
            field = _WHOLE
        elif call.function in _NUMERIC:
            field = _NUMBER
        return Column((call.function,), field, pattern.format(column.sql), column.sources)

    def _unknown(self, call: Call) -> ApiError:
        return self._refused(
            call.at, MALFORMED_QUERY, f"the sandbox does not support the function {call.function}"
        )

    def _refused(self, at: int, code: str, problem: str) -> ApiError:
        return refusal(self._choices, self._query.text, at, code, problem)
