"""What the names of a query mean: columns of the object's table and of its parents' tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow_sandbox.schema.fields import TEXTS, Field, FieldType
from bulkflow_sandbox.schema.rules import Action
from bulkflow_sandbox.soql.errors import INVALID_FIELD, no_column, no_relationship, refusal
from bulkflow_sandbox.store.tables import format_literal, quote_name

if TYPE_CHECKING:
    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.core.errors import ApiError
    from bulkflow_sandbox.schema.objects import ObjectType, Schema
    from bulkflow_sandbox.soql.tree import Path, Query

_DEEPEST: Final = 5
"""Most relationships in a path (SOQL guide)."""

_ENTITY: Final = "Name"
"""What messages call a parent that may be of several objects."""

_TYPE: Final = Field(name="Type", type=FieldType.STRING, label="Type", length=40)
"""The field that a parent of several possible objects has in the place of the objects' own."""

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
class Source:
    """A table in the FROM clause, and the object whose records it has."""

    alias: str
    item: ObjectType


@frozen
class Column:
    """A path that was found: its canonical names, its field, and the SQL for its value."""

    names: tuple[str, ...]
    field: Field
    sql: str
    sources: tuple[Source, ...]

    @property
    def label(self) -> str:
        """The canonical path, as the header of a result has it."""
        return ".".join(self.names)

    def parts(self) -> dict[str, str]:
        """The SQL of the parts of a compound field, by their names in JSON."""
        (source,) = self.sources
        stem = self.field.name.removesuffix("Address")
        parts = {name: source.item.field(stem + end) for name, end in _COMPOUND.items()}
        return {
            name: "NULL" if field is None else f"{source.alias}.{quote_name(field.name)}"
            for name, field in parts.items()
        }


class Scope:
    """The names that one query can use.

    Args:
        schema: The objects.
        choices: How refusals look.
        query: The query, for the text that refusals show.
        item: The object that is queried.
        deleted: Whether deleted parents are seen.
    """

    def __init__(
        self, schema: Schema, choices: Choices, query: Query, item: ObjectType, *, deleted: bool
    ) -> None:
        self._schema = schema
        self._choices = choices
        self._query = query
        self._deleted = deleted
        self.root = Source("t0", item)
        self._parents: dict[tuple[str, ...], tuple[Source, ...]] = {}
        self._joins: list[str] = []

    def column(self, path: Path) -> Column:
        """The column that a path names.

        Raises:
            ApiError: `INVALID_FIELD`: there is no such field or relationship.
        """
        *parents, last = path.names
        item = self.root.item
        if (
            parents
            and parents[0].lower() == item.name.lower()
            and not item.relationship(parents[0])
        ):
            # The object's own name may stand before its fields, unless a parent is called so.
            parents = parents[1:]
        if len(parents) > _DEEPEST:
            raise self._refusal(path, "too many relationships in field path")
        sources: tuple[Source, ...] = (self.root,)
        names: tuple[str, ...] = ()
        for name in parents:
            names, sources = self._parent(path, name, names, sources)
        return self._field(path, last, names, sources)

    def parent_of(self, names: tuple[str, ...]) -> tuple[Source, ...]:
        """The sources of a parent that some column named."""
        return self._parents[names]

    def from_clause(self) -> str:
        """The tables, with the joins of all parents that were named."""
        return " ".join([f"{quote_name(self.root.item.name)} AS {self.root.alias}", *self._joins])

    def _parent(
        self, path: Path, name: str, names: tuple[str, ...], sources: tuple[Source, ...]
    ) -> tuple[tuple[str, ...], tuple[Source, ...]]:
        references = [(source, source.item.relationship(name)) for source in sources]
        found = [(source, field) for source, field in references if field is not None]
        objects = {
            target: item
            for _, field in found
            for target in field.reference_to
            if (item := self._schema.object(target)) is not None
            and self._schema.permissions.may(Action.READ, item.name)
        }
        if not objects:
            raise self._refusal(path, no_relationship(name))
        canonical = found[0][1].relationship
        names = (*names, canonical if canonical is not None else name)
        if names not in self._parents:
            key = _coalesced([f"{one.alias}.{quote_name(field.name)}" for one, field in found])
            self._parents[names] = tuple(self._join(item, key) for item in objects.values())
        return names, self._parents[names]

    def _join(self, item: ObjectType, key: str) -> Source:
        alias = f"t{len(self._joins) + 1}"
        seen = "" if self._deleted else f' AND {alias}."IsDeleted" = 0'
        table = quote_name(item.name)
        self._joins.append(f'LEFT JOIN {table} AS {alias} ON {alias}."Id" = {key}{seen}')
        return Source(alias, item)

    def _field(
        self, path: Path, name: str, names: tuple[str, ...], sources: tuple[Source, ...]
    ) -> Column:
        if len(sources) > 1 and name.lower() == _TYPE.name.lower():
            cases = " ".join(
                f'WHEN {one.alias}."Id" IS NOT NULL THEN {format_literal(one.item.name)}'
                for one in sources
            )
            return Column(
                (*names, _TYPE.name), _TYPE, f"(CASE {cases} END) COLLATE NOCASE", sources
            )
        found = [
            (source, field)
            for source in sources
            if (field := source.item.field(name)) is not None
            and self._schema.permissions.may_see(source.item.name, field.name)
        ]
        if not found:
            entity = sources[0].item.name if len(sources) == 1 else _ENTITY
            raise self._refusal(path, no_column(name, entity))
        field = found[0][1]
        sql = _coalesced([f"{source.alias}.{quote_name(one.name)}" for source, one in found])
        if len(found) > 1 and field.type in TEXTS and not field.case_sensitive:
            sql += " COLLATE NOCASE"
        return Column((*names, field.name), field, sql, tuple(source for source, _ in found))

    def _refusal(self, path: Path, problem: str) -> ApiError:
        return refusal(self._choices, self._query.text, path.at, INVALID_FIELD, problem)


def _coalesced(columns: list[str]) -> str:
    return columns[0] if len(columns) == 1 else f"coalesce({', '.join(columns)})"
