"""A compiled query: its SQL, and the meaning of its columns."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from bulkflow_sandbox.schema.fields import FieldType
    from bulkflow_sandbox.schema.objects import ObjectType
    from bulkflow_sandbox.schema.rules import Value


class Surface(Enum):
    """The API that a query is sent to. They support different syntax."""

    REST = "rest"
    BULK = "bulk"


@frozen
class Output:
    """A selected field: its canonical path, and the index of its first column.

    A compound field has a column for each of `parts`; other fields have one column and no parts.
    """

    names: tuple[str, ...]
    field_type: FieldType
    index: int
    parts: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The dotted path, such as `Account.Name`."""
        return ".".join(self.names)


@frozen
class Parent:
    """A selected parent: the index of the id column for each of its possible objects."""

    names: tuple[str, ...]
    ids: tuple[tuple[ObjectType, int], ...]


@frozen
class Statement:
    """A query as SQL.

    Attributes:
        sql: The SQL.
        values: The values of its parameters.
        item: The object that is queried.
        outputs: The selected fields.
        parents: The selected parents.
        record_id: The index of the column with the record's id.
        counts: Whether the only result is the number of records.
        aggregates: Whether the rows are groups instead of records.
        ordered: Whether the query has ORDER BY or LIMIT, which rules out primary key chunking.
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
