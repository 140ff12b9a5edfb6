"""Compiling the tree of a query to an SQL statement."""

# ruff: noqa: S608 - names come from the schema and are quoted; values are bound

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow_sandbox.schema.fields import FieldType
from bulkflow_sandbox.schema.rules import Action
from bulkflow_sandbox.soql.aggregates import Aggregates
from bulkflow_sandbox.soql.conditions import ConditionCompiler
from bulkflow_sandbox.soql.errors import (
    INVALID_FIELD,
    INVALID_TYPE,
    MALFORMED_QUERY,
    describe_no_object,
    make_query_error,
)
from bulkflow_sandbox.soql.scope import Scope
from bulkflow_sandbox.soql.select_list import SelectList
from bulkflow_sandbox.soql.sql_query import Output, Parent, Statement
from bulkflow_sandbox.soql.supported_syntax import SyntaxCheck
from bulkflow_soql.tree import FieldPath, FunctionCall

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.core.errors import ApiError
    from bulkflow_sandbox.schema.objects import ObjectType, Schema
    from bulkflow_sandbox.schema.rules import Value
    from bulkflow_sandbox.soql.scope import QueryColumn, QueryTable
    from bulkflow_sandbox.soql.sql_query import Surface
    from bulkflow_soql.tree import Ordering, Query

_MAX_ROWS: Final = 2**62
"""More rows than any sandbox has, and close to the largest number of the database."""
_NULL_PLACES: Final = {True: "NULLS LAST", False: "NULLS FIRST"}


def compile_query(
    query: Query,
    *,
    schema: Schema,
    choices: Choices,
    now: datetime,
    surface: Surface,
    deleted: bool = False,
) -> Statement:
    """Compile a query.

    Args:
        query: The query.
        schema: The objects and permissions.
        choices: The format of errors, and configurable behaviors.
        now: The present moment, for date literals.
        surface: The API that the query was sent to.
        deleted: Whether to include deleted records (queryAll).

    Raises:
        ApiError: The query has an unknown name, or syntax that the API does not support.
    """
    return _Compiler(query, schema, choices, now, surface, deleted=deleted).compile()


class _Compiler:
    """Compiles one query."""

    def __init__(
        self,
        query: Query,
        schema: Schema,
        choices: Choices,
        now: datetime,
        surface: Surface,
        *,
        deleted: bool,
    ) -> None:
        self._query = query
        self._schema = schema
        self._choices = choices
        self._now = now
        self._surface = surface
        self._deleted = deleted
        self._syntax = SyntaxCheck(query, choices, surface)
        item = schema.find_object(query.object)
        if item is None or not schema.permissions.allows(Action.READ, item.name):
            raise self._make_error(query.object_at, INVALID_TYPE, describe_no_object(query.object))
        self._item = item
        self._scope = Scope(schema, choices, query, item, deleted=deleted)

    def compile(self) -> Statement:
        """Compile the whole query."""
        self._syntax.check()
        if self._is_count:
            return self._compile_count()
        if Aggregates.is_needed(self._query):
            return self._compile_aggregate()
        select_list = SelectList(
            self._query, self._schema, self._choices, self._scope, self._surface
        )
        columns = select_list.find_columns()
        selected: list[str] = []
        outputs: list[Output] = []
        for column in columns:
            parts = column.list_parts() if column.field.type is FieldType.ADDRESS else {}
            outputs.append(Output(column.names, column.field.type, len(selected), tuple(parts)))
            selected += parts.values() or [column.sql]
        parents: list[Parent] = []
        for names in dict.fromkeys(
            column.names[:depth] for column in columns for depth in range(1, len(column.names))
        ):
            tables = self._scope.get_parent(names)
            parents.append(Parent(names, tuple(self._select_ids(tables, selected))))
        record_id = len(selected)
        selected.append(f'{self._scope.root.alias}."Id"')
        where, values = self._compile_where()
        order = self._compile_order_by()
        limit, numbers = self._compile_limit()
        return Statement(
            sql=(
                f"SELECT {', '.join(selected)} FROM {self._scope.build_from_clause()}"
                f"{where}{order}{limit}"
            ),
            values=(*values, *numbers),
            item=self._item,
            outputs=tuple(outputs),
            parents=tuple(parents),
            record_id=record_id,
            ordered=bool(self._query.order or self._query.limit),
        )

    def compile_subselect(self) -> tuple[str, list[Value]]:
        """Compile the query as a sub-select of IN, with one column of ids."""
        self._syntax.check()
        if self._query.group_at is not None:
            raise self._syntax.make_error(
                self._query.group_at, "GROUP BY", "GROUP BY in a sub-select"
            )
        item, *more = self._query.items
        if more or not isinstance(item, FieldPath):
            raise self._make_error(
                self._query.object_at,
                MALFORMED_QUERY,
                "semi join sub-selects can only query one field",
            )
        column = self._scope.find_column(item)
        if column.field.type not in {FieldType.ID, FieldType.REFERENCE}:
            raise self._make_error(
                item.at,
                MALFORMED_QUERY,
                "semi join sub-selects can only query id fields, cannot use: "
                f"'{column.field.name}'",
            )
        where, values = self._compile_where()
        limit, numbers = self._compile_limit()
        return f"SELECT {column.sql} FROM {self._scope.build_from_clause()}{where}{limit}", [
            *values,
            *numbers,
        ]

    @property
    def _is_count(self) -> bool:
        item = self._query.items[0]
        return (
            len(self._query.items) == 1
            and isinstance(item, FunctionCall)
            and item.function == "COUNT"
            and item.argument is None
        )

    def _compile_count(self) -> Statement:
        where, values = self._compile_where()
        limit, numbers = self._compile_limit()
        tables = self._scope.build_from_clause()
        return Statement(
            sql=f"SELECT count(*) FROM (SELECT 1 FROM {tables}{where}{limit})",
            values=(*values, *numbers),
            item=self._item,
            counts=True,
        )

    def _compile_aggregate(self) -> Statement:
        query, aggregates = self._query, Aggregates(self._scope, self._query, self._choices)
        columns = aggregates.list_columns()
        where, values = self._compile_where()
        having = ConditionCompiler(
            self._scope, query, self._choices, self._now, self._compile_subselect, aggregates
        )
        kept = "" if query.having is None else f" HAVING {having.compile(query.having)}"
        order = aggregates.build_order_by(
            [self._compile_part(one, aggregates.find_column) for one in query.order]
        )
        limit, numbers = self._compile_limit()
        selected = ", ".join(column.sql for column in columns)
        return Statement(
            sql=(
                f"SELECT {selected} FROM {self._scope.build_from_clause()}"
                f"{where}{aggregates.build_group_by()}{kept}{order}{limit}"
            ),
            values=(*values, *having.values, *numbers),
            item=self._item,
            outputs=tuple(
                Output(column.names, column.field.type, index)
                for index, column in enumerate(columns)
            ),
            aggregates=True,
        )

    def _select_ids(
        self, tables: tuple[QueryTable, ...], selected: list[str]
    ) -> list[tuple[ObjectType, int]]:
        found = []
        for table in tables:
            found.append((table.item, len(selected)))
            selected.append(f'{table.alias}."Id"')
        return found

    def _compile_where(self) -> tuple[str, list[Value]]:
        conditions = ConditionCompiler(
            self._scope, self._query, self._choices, self._now, self._compile_subselect
        )
        tests = [] if self._deleted else [f'{self._scope.root.alias}."IsDeleted" = 0']
        if self._query.where is not None:
            tests.append(conditions.compile(self._query.where))
        return (f" WHERE {' AND '.join(tests)}" if tests else ""), conditions.values

    def _compile_subselect(self, query: Query) -> tuple[str, list[Value]]:
        return _Compiler(
            query, self._schema, self._choices, self._now, self._surface, deleted=self._deleted
        ).compile_subselect()

    def _compile_order_by(self) -> str:
        parts = [self._compile_ordering(one) for one in self._query.order]
        parts.append(f'{self._scope.root.alias}."Id"')
        return f" ORDER BY {', '.join(parts)}"

    def _compile_ordering(self, ordering: Ordering) -> str:
        return self._compile_part(ordering, self._find_plain_column)

    def _find_plain_column(self, subject: FieldPath | FunctionCall) -> QueryColumn:
        if isinstance(subject, FunctionCall):
            raise self._syntax.make_error(
                subject.at, "Aggregate functions", f"the function {subject.function}"
            )
        return self._scope.find_column(subject)

    def _compile_part(
        self, ordering: Ordering, find: Callable[[FieldPath | FunctionCall], QueryColumn]
    ) -> str:
        column = find(ordering.subject)
        if not column.field.filterable:
            raise self._make_error(
                ordering.subject.at,
                INVALID_FIELD,
                f"field '{column.field.name}' can not be sorted in a query call",
            )
        direction = "DESC" if ordering.descending else "ASC"
        return f"{column.sql} {direction} {_NULL_PLACES[ordering.nulls_last]}"

    def _compile_limit(self) -> tuple[str, list[Value]]:
        limit, offset = self._query.limit, self._query.offset
        if limit is None and offset is None:
            return "", []
        most = -1 if limit is None else min(limit.number, _MAX_ROWS)
        return " LIMIT ? OFFSET ?", [most, 0 if offset is None else offset.number]

    def _make_error(self, at: int, code: str, problem: str) -> ApiError:
        return make_query_error(self._choices, self._query.text, at, code, problem)
