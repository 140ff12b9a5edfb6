"""The syntax tree of a query. In each node that an error can refer to, `at` is its offset."""

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
        """The path as written in the query."""
        return ".".join(self.names)


@frozen
class FunctionCall:
    """A function call: `COUNT()`, `FIELDS(ALL)`, `SUM(Amount)`."""

    function: str
    argument: FieldPath | None
    at: int
    alias: str | None = None


@frozen
class Subquery:
    """A query of child records in the field list; `name` is that of their relationship."""

    at: int
    name: str = ""


@frozen
class TypeOf:
    """A TYPEOF expression in the field list, on the parent `name`."""

    at: int
    name: str = ""


Item = FieldPath | FunctionCall | Subquery | TypeOf


class LiteralKind(Enum):
    """The kind of a literal, as written."""

    STRING = "string"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "dateTime"
    PERIOD = "period"
    """A date literal, such as `TODAY` or `LAST_N_DAYS:30`."""
    BOOLEAN = "boolean"
    NULL = "null"


@frozen
class Literal:
    """A value in a condition; `text` is as written, including quotes and escapes."""

    kind: LiteralKind
    text: str
    at: int


class Operator(StrEnum):
    """The operator of a comparison."""

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
    """A comparison of a field with a value."""

    subject: FieldPath | FunctionCall
    operator: Operator
    value: Literal


@frozen
class Membership:
    """A comparison of a field with a list of values or the result of a sub-select."""

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
    """A part of ORDER BY."""

    subject: FieldPath | FunctionCall
    descending: bool
    nulls_last: bool


@frozen
class Count:
    """The number of LIMIT or OFFSET; `at` is the offset of the keyword."""

    number: int
    at: int


@frozen
class Query:
    """A query; offsets refer to `text`. A sub-select has the text of the whole query."""

    text: str
    items: tuple[Item, ...]
    object: str
    object_at: int
    where: Condition | None = None
    where_span: tuple[int, int] | None = None
    """The offsets of the condition after WHERE."""
    group: tuple[FieldPath | FunctionCall, ...] = ()
    group_at: int | None = None
    having: Condition | None = None
    order: tuple[Ordering, ...] = ()
    alias: str | None = None
    """The name of the object within the query."""
    clauses: tuple[tuple[str, int], ...] = ()
    """The other clauses, such as USING SCOPE and FOR VIEW, each with its offset."""
    limit: Count | None = None
    offset: Count | None = None
