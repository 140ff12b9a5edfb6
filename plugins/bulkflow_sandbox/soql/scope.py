"""Resolving the names of a query to columns of the object's table and its parents' tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow_sandbox.schema.fields import TEXTS, Field, FieldType
from bulkflow_sandbox.schema.rules import Action
from bulkflow_sandbox.soql.errors import (
    INVALID_FIELD,
    describe_no_column,
    describe_no_relationship,
    make_query_error,
)
from bulkflow_sandbox.store.tables import format_literal, quote_name

if TYPE_CHECKING:
    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.core.errors import ApiError
    from bulkflow_sandbox.schema.objects import ObjectType, Schema
    from bulkflow_soql.tree import FieldPath, Query

_DEEPEST: Final = 5
"""Maximum number of relationships in a path (SOQL guide)."""

_ENTITY: Final = "Name"
"""The name of polymorphic parents in messages."""

_TYPE: Final = Field(name="Type", type=FieldType.STRING, label="Type", length=40)
"""The field `Type` of polymorphic parents, which hides the `Type` of the objects."""

_COMPOUND: Final = {
    "city": "City",
    "country": "Country",
    "geocodeAccuracy": "GeocodeAccuracy",
    "latitude": "Latitude",
    "longitude": "Longitude",
    "postalCode": "PostalCode",
    "state": "State",
    "street": "Street",
}


@frozen
class QueryTable:
    """A table in the FROM clause, and its object."""

    alias: str
    item: ObjectType


@frozen
class QueryColumn:
    """A resolved path: its canonical names, its field, and the SQL of its value."""

    names: tuple[str, ...]
    field: Field
    sql: str
    tables: tuple[QueryTable, ...]

    @property
    def label(self) -> str:
        """The canonical path, as in the header of a result."""
        return ".".join(self.names)

    def list_parts(self) -> dict[str, str]:
        """List the SQL of the parts of a compound field, by their names in JSON."""
        (table,) = self.tables
        stem = self.field.name.removesuffix("Address")
        parts = {name: table.item.find_field(stem + end) for name, end in _COMPOUND.items()}
        return {
            name: "NULL" if field is None else f"{table.alias}.{quote_name(field.name)}"
            for name, field in parts.items()
        }


class Scope:
    """Resolves the names of one query, and collects the joins that they need.

    Args:
        schema: The objects.
        choices: The format of errors.
        query: The query, whose text errors show.
        item: The object that is queried.
        deleted: Whether to include deleted parents.
    """

    def __init__(
        self, schema: Schema, choices: Choices, query: Query, item: ObjectType, *, deleted: bool
    ) -> None:
        self._schema = schema
        self._choices = choices
        self._query = query
        self._deleted = deleted
        self.root = QueryTable("t0", item)
        self._parents: dict[tuple[str, ...], tuple[QueryTable, ...]] = {}
        self._joins: list[str] = []

    def find_column(self, path: FieldPath) -> QueryColumn:
        """Find the column of a path, and join the tables of its parents.

        Raises:
            ApiError: A field or relationship is unknown (`INVALID_FIELD`).
        """
        *parents, last = path.names
        item = self.root.item
        if (
            parents
            and parents[0].lower() == item.name.lower()
            and not item.find_relationship(parents[0])
        ):
            # A path can begin with the name of the object, unless a relationship has that name.
            parents = parents[1:]
        if len(parents) > _DEEPEST:
            raise self._make_error(path, "too many relationships in field path")
        tables: tuple[QueryTable, ...] = (self.root,)
        names: tuple[str, ...] = ()
        for name in parents:
            names, tables = self._find_parent(path, name, names, tables)
        return self._find_field(path, last, names, tables)

    def get_parent(self, names: tuple[str, ...]) -> tuple[QueryTable, ...]:
        """Return the tables of a parent that a column has used."""
        return self._parents[names]

    def build_from_clause(self) -> str:
        """Build the FROM clause, with the joins of all parents that columns have used."""
        return " ".join([f"{quote_name(self.root.item.name)} AS {self.root.alias}", *self._joins])

    def _find_parent(
        self, path: FieldPath, name: str, names: tuple[str, ...], tables: tuple[QueryTable, ...]
    ) -> tuple[tuple[str, ...], tuple[QueryTable, ...]]:
        references = [(table, table.item.find_relationship(name)) for table in tables]
        found = [(table, field) for table, field in references if field is not None]
        objects = {
            target: item
            for _, field in found
            for target in field.reference_to
            if (item := self._schema.find_object(target)) is not None
            and self._schema.permissions.allows(Action.READ, item.name)
        }
        if not objects:
            raise self._make_error(path, describe_no_relationship(name))
        canonical = found[0][1].relationship
        names = (*names, canonical if canonical is not None else name)
        if names not in self._parents:
            key = _coalesce([f"{one.alias}.{quote_name(field.name)}" for one, field in found])
            self._parents[names] = tuple(self._join(item, key) for item in objects.values())
        return names, self._parents[names]

    def _join(self, item: ObjectType, key: str) -> QueryTable:
        alias = f"t{len(self._joins) + 1}"
        seen = "" if self._deleted else f' AND {alias}."IsDeleted" = 0'
        table = quote_name(item.name)
        self._joins.append(f'LEFT JOIN {table} AS {alias} ON {alias}."Id" = {key}{seen}')
        return QueryTable(alias, item)

    def _find_field(
        self, path: FieldPath, name: str, names: tuple[str, ...], tables: tuple[QueryTable, ...]
    ) -> QueryColumn:
        if len(tables) > 1 and name.lower() == _TYPE.name.lower():
            cases = " ".join(
                f'WHEN {one.alias}."Id" IS NOT NULL THEN {format_literal(one.item.name)}'
                for one in tables
            )
            return QueryColumn(
                (*names, _TYPE.name), _TYPE, f"(CASE {cases} END) COLLATE NOCASE", tables
            )
        found = [
            (table, field)
            for table in tables
            if (field := table.item.find_field(name)) is not None
            and self._schema.permissions.can_see(table.item.name, field.name)
        ]
        if not found:
            entity = tables[0].item.name if len(tables) == 1 else _ENTITY
            raise self._make_error(path, describe_no_column(name, entity))
        field = found[0][1]
        sql = _coalesce([f"{table.alias}.{quote_name(one.name)}" for table, one in found])
        if len(found) > 1 and field.type in TEXTS and not field.case_sensitive:
            sql += " COLLATE NOCASE"
        return QueryColumn((*names, field.name), field, sql, tuple(table for table, _ in found))

    def _make_error(self, path: FieldPath, problem: str) -> ApiError:
        return make_query_error(self._choices, self._query.text, path.at, INVALID_FIELD, problem)


def _coalesce(columns: list[str]) -> str:
    return columns[0] if len(columns) == 1 else f"coalesce({', '.join(columns)})"
