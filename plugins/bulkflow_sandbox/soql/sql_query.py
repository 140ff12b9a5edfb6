"""A translated query: its SQL, and what the columns of its rows are."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from bulkflow_sandbox.schema.fields import FieldType
    from bulkflow_sandbox.schema.objects import ObjectType
    from bulkflow_sandbox.schema.rules import Value


class Surface(Enum):
    """Where a query is asked: what is allowed differs."""

    REST = "rest"
    BULK = "bulk"


@frozen
class Output:
    """A selected field: its canonical path, and the first of its columns in the statement.

    A compound field has a column for each of `parts`; any other has one, and no parts.
    """

    names: tuple[str, ...]
    field_type: FieldType
    index: int
    parts: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The path as one text: `Account.Name`."""
        return ".".join(self.names)


@frozen
class Parent:
    """A selected parent: for each object that it may be of, the column with its id."""

    names: tuple[str, ...]
    ids: tuple[tuple[ObjectType, int], ...]


@frozen
class Statement:
    """A query as SQL.

    `record_id` is the column with the record's own id. `counts` says that the query asks for
    nothing but the number of records, which is the statement's only value; `aggregates` that its
    rows are of groups and not of records.
    """

    sql: str
    values: tuple[Value, ...]
    item: ObjectType
    outputs: tuple[Output, ...] = ()
    parents: tuple[Parent, ...] = ()
    record_id: int = 0
    counts: bool = False
    aggregates: bool = False
    ordered: bool = False
    """Whether ORDER BY or LIMIT stands in it: such a query is not chunked by primary key."""
