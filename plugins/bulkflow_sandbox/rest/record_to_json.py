"""Conversion of database rows to JSON records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from bulkflow_sandbox.core.dates import format_json_moment
from bulkflow_sandbox.schema.fields import NUMBERS, FieldType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow_sandbox.schema.objects import ObjectType
    from bulkflow_sandbox.schema.rules import Value
    from bulkflow_sandbox.soql.sql_query import Output, Parent, Statement

Record = dict[str, object]


@define(eq=False)
class _Node:
    """A record or parent record: the columns that may have its id, and its selected members."""

    ids: tuple[tuple[ObjectType, int], ...]
    members: dict[str, Output | _Node] = field(factory=dict)


class RecordWriter:
    """Converts rows to records. Parents are nested records, with `attributes` of their own.

    Args:
        statement: The statement that returns the rows.
        version: The API version, for the URLs in `attributes`.
        several_types: The type in the `attributes` of polymorphic parents.
    """

    def __init__(self, statement: Statement, version: str, several_types: str) -> None:
        self._base = f"/services/data/v{version}/sobjects"
        self._several_types = several_types
        self._groups = statement.outputs if statement.aggregates else ()
        parents = {parent.names: parent for parent in statement.parents}
        self._root = _Node(((statement.item, statement.record_id),))
        for output in statement.outputs:
            self._place(output, parents)

    def to_record(self, row: Sequence[Value]) -> Record:
        """Convert a row to a record. Rows of aggregate queries have no URL."""
        if self._groups:
            group: Record = {"attributes": {"type": "AggregateResult"}}
            return group | {output.names[0]: _to_json(output, row) for output in self._groups}
        record = self._build_record(self._root, row)
        assert record is not None, "every row has a record id"
        return record

    def _place(self, output: Output, parents: dict[tuple[str, ...], Parent]) -> None:
        node = self._root
        for depth, name in enumerate(output.names[:-1], 1):
            known = node.members.get(name)
            if not isinstance(known, _Node):
                known = _Node(parents[output.names[:depth]].ids)
                node.members[name] = known
            node = known
        node.members[output.names[-1]] = output

    def _build_record(self, node: _Node, row: Sequence[Value]) -> Record | None:
        found = next(((item, row[index]) for item, index in node.ids if row[index]), None)
        if found is None:
            return None
        item, record_id = found
        kind = item.name if len(node.ids) == 1 else self._several_types
        record: Record = {
            "attributes": {"type": kind, "url": f"{self._base}/{item.name}/{record_id}"}
        }
        for name, member in node.members.items():
            if isinstance(member, _Node):
                record[name] = self._build_record(member, row)
            else:
                record[name] = _to_json(member, row)
        return record


def _to_json(output: Output, row: Sequence[Value]) -> object:
    if output.parts:
        values = row[output.index : output.index + len(output.parts)]
        if all(value is None for value in values):
            return None
        return dict(zip(output.parts, values, strict=True))
    value = row[output.index]
    if value is None:
        return None
    match output.field_type:
        case FieldType.BOOLEAN:
            return bool(value)
        case FieldType.DATETIME:
            return format_json_moment(str(value))
        case kind if kind in NUMBERS:
            return float(value)
        case _:
            return value
