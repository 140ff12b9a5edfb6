"""From the tree of a query to an SQL statement, and what its columns are."""

# ruff: noqa: S608 - the names are those of the schema, quoted; values are bound

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow_sandbox.core.errors import ApiError
from bulkflow_sandbox.schema.fields import FieldType
from bulkflow_sandbox.schema.rules import Action
from bulkflow_sandbox.soql.aggregates import Aggregates
from bulkflow_sandbox.soql.conditions import Conditions
from bulkflow_sandbox.soql.errors import (
    INVALID_FIELD,
    INVALID_TYPE,
    MALFORMED_QUERY,
    no_object,
    refusal,
)
from bulkflow_sandbox.soql.fields import filterable
from bulkflow_sandbox.soql.scope import Column, Scope
from bulkflow_sandbox.soql.sql_query import Output, Parent, Statement, Surface
from bulkflow_sandbox.soql.supported_syntax import Forms
from bulkflow_sandbox.soql.tree import Call, Path

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.schema.objects import ObjectType, Schema
    from bulkflow_sandbox.schema.rules import Value
    from bulkflow_sandbox.soql.scope import Source
    from bulkflow_sandbox.soql.tree import Item, Ordering, Query

_FIELDS_LIMIT: Final = 200
_MOST_ROWS: Final = 2**62
"""No sandbox has more rows, and the database takes no number that is much greater."""
_GROUPS: Final = frozenset({"ALL", "STANDARD", "CUSTOM"})
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
    """Translates a query; `deleted` says whether deleted records are seen too (queryAll).

    Raises:
        ApiError: The query names what the org does not have, or has a form that is refused.
    """
    return _Compiler(query, schema, choices, now, surface, deleted=deleted).statement()


class _Compiler:
    """Translates one query."""

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
        self._forms = Forms(query, choices, surface)
        item = schema.object(query.object)
        if item is None or not schema.permissions.may(Action.READ, item.name):
            raise self._refused(query.object_at, INVALID_TYPE, no_object(query.object))
        self._item = item
        self._scope = Scope(schema, choices, query, item, deleted=deleted)

    def statement(self) -> Statement:
        """The whole query."""
        self._forms.check()
        if self._is_count:
            return self._count()
        if Aggregates.in_query(self._query):
            return self._aggregate()
        columns = self._columns()
        selected: list[str] = []
        outputs: list[Output] = []
        for column in columns:
            parts = column.parts() if column.field.type is FieldType.ADDRESS else {}
            outputs.append(Output(column.names, column.field.type, len(selected), tuple(parts)))
            selected += parts.values() or [column.sql]
        parents: list[Parent] = []
        for names in dict.fromkeys(
            column.names[:depth] for column in columns for depth in range(1, len(column.names))
        ):
            sources = self._scope.parent_of(names)
            parents.append(Parent(names, tuple(self._id_columns(sources, selected))))
        record_id = len(selected)
        selected.append(f'{self._scope.root.alias}."Id"')
        where, values = self._where()
        order = self._order()
        limit, numbers = self._limit()
        return Statement(
            sql=(
                f"SELECT {', '.join(selected)} FROM {self._scope.from_clause()}"
                f"{where}{order}{limit}"
            ),
            values=(*values, *numbers),
            item=self._item,
            outputs=tuple(outputs),
            parents=tuple(parents),
            record_id=record_id,
            ordered=bool(self._query.order or self._query.limit),
        )

    def subselect(self) -> tuple[str, list[Value]]:
        """The query as the right side of IN: one column of ids."""
        self._forms.check()
        if self._query.group_at is not None:
            raise self._forms.refusal(self._query.group_at, "GROUP BY", "GROUP BY in a sub-select")
        item, *more = self._query.items
        if more or not isinstance(item, Path):
            raise self._refused(
                self._query.object_at,
                MALFORMED_QUERY,
                "semi join sub-selects can only query one field",
            )
        column = self._scope.column(item)
        if column.field.type not in {FieldType.ID, FieldType.REFERENCE}:
            raise self._refused(
                item.at,
                MALFORMED_QUERY,
                "semi join sub-selects can only query id fields, cannot use: "
                f"'{column.field.name}'",
            )
        where, values = self._where()
        limit, numbers = self._limit()
        return f"SELECT {column.sql} FROM {self._scope.from_clause()}{where}{limit}", [
            *values,
            *numbers,
        ]

    @property
    def _is_count(self) -> bool:
        item = self._query.items[0]
        return (
            len(self._query.items) == 1
            and isinstance(item, Call)
            and item.function == "COUNT"
            and item.argument is None
        )

    def _count(self) -> Statement:
        where, values = self._where()
        limit, numbers = self._limit()
        return Statement(
            sql=(f"SELECT count(*) FROM (SELECT 1 FROM {self._scope.from_clause()}{where}{limit})"),
            values=(*values, *numbers),
            item=self._item,
            counts=True,
        )

    def _aggregate(self) -> Statement:
        query, aggregates = self._query, Aggregates(self._scope, self._query, self._choices)
        columns = aggregates.selected()
        where, values = self._where()
        having = Conditions(
            self._scope, query, self._choices, self._now, self._translate_inner, aggregates
        )
        kept = "" if query.having is None else f" HAVING {having.sql(query.having)}"
        order = aggregates.order([self._ordered(one, aggregates.column) for one in query.order])
        limit, numbers = self._limit()
        selected = ", ".join(column.sql for column in columns)
        return Statement(
            sql=(
                f"SELECT {selected} FROM {self._scope.from_clause()}"
                f"{where}{aggregates.group_by()}{kept}{order}{limit}"
            ),
            values=(*values, *having.values, *numbers),
            item=self._item,
            outputs=tuple(
                Output(column.names, column.field.type, index)
                for index, column in enumerate(columns)
            ),
            aggregates=True,
        )

    def _columns(self) -> list[Column]:
        columns: list[Column] = []
        seen: set[tuple[str, ...]] = set()
        for item in self._query.items:
            found = [self._scope.column(item)] if isinstance(item, Path) else self._group_of(item)
            for column in found:
                if column.names in seen:
                    raise self._refused(
                        item.at, INVALID_FIELD, f"duplicate field selected: {column.label}"
                    )
                seen.add(column.names)
                if column.field.type is FieldType.ADDRESS and self._surface is Surface.BULK:
                    raise self._choices.bulk_query_refused.make_error(
                        form="Selecting compound data"
                    )
            columns += found
        return columns

    def _group_of(self, item: Item) -> list[Column]:
        """The fields of FIELDS(ALL), FIELDS(STANDARD) or FIELDS(CUSTOM)."""
        assert isinstance(item, Call), "other items were refused"
        group = "" if item.argument is None else item.argument.text.upper()
        if item.function != "FIELDS" or group not in _GROUPS:
            raise self._refused(
                item.at, MALFORMED_QUERY, "Only FIELDS(ALL), FIELDS(STANDARD) and FIELDS(CUSTOM)"
            )
        bulk = self._surface is Surface.BULK
        if group != "STANDARD":
            if bulk:
                raise ApiError(
                    400,
                    MALFORMED_QUERY,
                    "The SOQL FIELDS function is not supported with an unbounded set of fields in "
                    "this API",
                )
            limit = self._query.limit
            if limit is None or limit.number > _FIELDS_LIMIT:
                raise ApiError(
                    400,
                    MALFORMED_QUERY,
                    f"The SOQL FIELDS function must have a LIMIT of at most {_FIELDS_LIMIT}",
                )
        return [
            self._scope.column(Path((field.name,), item.at))
            for field in self._item.fields.values()
            if self._schema.permissions.may_see(self._item.name, field.name)
            and group in {"ALL", "CUSTOM" if field.custom else "STANDARD"}
            and not (bulk and field.type is FieldType.ADDRESS)
        ]

    def _id_columns(
        self, sources: tuple[Source, ...], selected: list[str]
    ) -> list[tuple[ObjectType, int]]:
        found = []
        for source in sources:
            found.append((source.item, len(selected)))
            selected.append(f'{source.alias}."Id"')
        return found

    def _where(self) -> tuple[str, list[Value]]:
        conditions = Conditions(
            self._scope, self._query, self._choices, self._now, self._translate_inner
        )
        tests = [] if self._deleted else [f'{self._scope.root.alias}."IsDeleted" = 0']
        if self._query.where is not None:
            tests.append(conditions.sql(self._query.where))
        return (f" WHERE {' AND '.join(tests)}" if tests else ""), conditions.values

    def _translate_inner(self, query: Query) -> tuple[str, list[Value]]:
        return _Compiler(
            query, self._schema, self._choices, self._now, self._surface, deleted=self._deleted
        ).subselect()

    def _order(self) -> str:
        parts = [self._ordering(one) for one in self._query.order]
        parts.append(f'{self._scope.root.alias}."Id"')
        return f" ORDER BY {', '.join(parts)}"

    def _ordering(self, ordering: Ordering) -> str:
        return self._ordered(ordering, self._plain_column)

    def _plain_column(self, subject: Path | Call) -> Column:
        if isinstance(subject, Call):
            raise self._forms.refusal(
                subject.at, "Aggregate functions", f"the function {subject.function}"
            )
        return self._scope.column(subject)

    def _ordered(self, ordering: Ordering, find: Callable[[Path | Call], Column]) -> str:
        column = find(ordering.subject)
        if not filterable(column.field):
            raise self._refused(
                ordering.subject.at,
                INVALID_FIELD,
                f"field '{column.field.name}' can not be sorted in a query call",
            )
        direction = "DESC" if ordering.descending else "ASC"
        return f"{column.sql} {direction} {_NULL_PLACES[ordering.nulls_last]}"

    def _limit(self) -> tuple[str, list[Value]]:
        limit, offset = self._query.limit, self._query.offset
        if limit is None and offset is None:
            return "", []
        most = -1 if limit is None else min(limit.number, _MOST_ROWS)
        return " LIMIT ? OFFSET ?", [most, 0 if offset is None else offset.number]

    def _refused(self, at: int, code: str, problem: str) -> ApiError:
        return refusal(self._choices, self._query.text, at, code, problem)
