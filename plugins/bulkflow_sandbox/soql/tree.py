"""A query as a tree. Each node that a refusal can point at has its place: an offset in the text."""

from __future__ import annotations

from enum import Enum, StrEnum

from attrs import frozen


@frozen
class FieldPath:
    """A field of the object, or of a parent: `Name`, `Account.Owner.Email`."""

    names: tuple[str, ...]
    at: int

    @property
    def text(self) -> str:
        """The path as it is written."""
        return ".".join(self.names)


@frozen
class FunctionCall:
    """A function: `COUNT()`, `FIELDS(ALL)`, `SUM(Amount)`."""

    function: str
    argument: FieldPath | None
    at: int
    alias: str | None = None


@frozen
class Subquery:
    """A query in the field list, for children."""

    at: int


@frozen
class TypeOf:
    """A choice of fields by the type of a polymorphic parent."""

    at: int


Item = FieldPath | FunctionCall | Subquery | TypeOf


class LiteralKind(Enum):
    """What a literal was written as."""

    STRING = "string"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "dateTime"
    PERIOD = "period"
    """A named span of time, such as `TODAY` or `LAST_N_DAYS:30`."""
    BOOLEAN = "boolean"
    NULL = "null"


@frozen
class Literal:
    """A value in a condition; `text` is as written, quotes and escapes included."""

    kind: LiteralKind
    text: str
    at: int


class Operator(StrEnum):
    """How a field is compared with a value, or with several."""

    EQUAL = "="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="
    LIKE = "LIKE"
    IN = "IN"
    NOT_IN = "NOT IN"
    INCLUDES = "INCLUDES"
    EXCLUDES = "EXCLUDES"


@frozen
class FieldTest:
    """A comparison with one value."""

    subject: FieldPath | FunctionCall
    operator: Operator
    value: Literal


@frozen
class Membership:
    """A comparison with a list of values, or with those that another query finds."""

    subject: FieldPath | FunctionCall
    operator: Operator
    values: tuple[Literal, ...] | Query
    at: int


@frozen
class Negation:
    """NOT."""

    condition: Condition


@frozen
class AllOf:
    """AND."""

    conditions: tuple[Condition, ...]


@frozen
class AnyOf:
    """OR."""

    conditions: tuple[Condition, ...]


Condition = FieldTest | Membership | Negation | AllOf | AnyOf


@frozen
class Ordering:
    """One part of ORDER BY."""

    subject: FieldPath | FunctionCall
    descending: bool
    nulls_last: bool


@frozen
class Count:
    """A number after LIMIT or OFFSET, and where it stands."""

    number: int
    at: int


@frozen
class Query:
    """A query; `text` is the whole text that places are offsets in."""

    text: str
    items: tuple[Item, ...]
    object: str
    object_at: int
    where: Condition | None = None
    group: tuple[FieldPath | FunctionCall, ...] = ()
    group_at: int | None = None
    having: Condition | None = None
    order: tuple[Ordering, ...] = ()
    limit: Count | None = None
    offset: Count | None = None
