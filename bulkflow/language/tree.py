"""The syntax tree: what a file says, before anyone knows what its words mean.

Two trees are equal when they say the same; where things stand (`span`) does not count. Words and
values are the values of `bulkflow.model.value`. A word with an empty name stands where the parser
had to make one up, in a line that it has reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from attrs import field, frozen

if TYPE_CHECKING:
    from bulkflow.model.plan import HandlerEvent
    from bulkflow.model.value import Name, Text, Value
    from bulkflow.source import Span


@frozen
class Org:
    """`org PROFILE`, or `org NAME = PROFILE`, which gives it another name than its profile's."""

    name: Name
    profile: Name
    span: Span = field(eq=False, repr=False)


@frozen
class Param:
    """`param NAME [= VALUE] ["help"]`."""

    name: Name
    default: Value | None
    help: Text | None
    span: Span = field(eq=False, repr=False)


@frozen
class Let:
    """`let NAME = VALUE`."""

    name: Name
    value: Value
    span: Span = field(eq=False, repr=False)


@frozen
class Include:
    """`include "file"`."""

    path: Text
    span: Span = field(eq=False, repr=False)


@frozen
class Clause:
    """A line of a job."""

    items: tuple[Value, ...]
    span: Span = field(eq=False, repr=False)


@frozen
class Job:
    """`job NAME` with its clauses; the span is that of the first line."""

    name: Name
    clauses: tuple[Clause, ...]
    span: Span = field(eq=False, repr=False)


@frozen
class Step:
    """A verb and the words and values after it."""

    items: tuple[Value, ...]
    span: Span = field(eq=False, repr=False)


@frozen
class Handler:
    """`on failure`, `on success` or `on interrupt`, with its chain."""

    event: HandlerEvent
    steps: tuple[Step, ...]
    span: Span = field(eq=False, repr=False)


@frozen
class Chain:
    """Steps joined by `then`, and what happens after them."""

    steps: tuple[Step, ...]
    handlers: tuple[Handler, ...]
    span: Span = field(eq=False, repr=False)


@frozen
class Parallel:
    """`parallel` with its block; the span of this and the next three is that of the first line."""

    body: tuple[Statement, ...]
    span: Span = field(eq=False, repr=False)


@frozen
class For:
    """`for NAME in "pattern"` with its block."""

    variable: Name
    pattern: Text
    body: tuple[Statement, ...]
    span: Span = field(eq=False, repr=False)


@frozen
class When:
    """`when CONDITION` with its block."""

    condition: Condition
    body: tuple[Statement, ...]
    span: Span = field(eq=False, repr=False)


@frozen
class Always:
    """`always` with its block."""

    body: tuple[Statement, ...]
    span: Span = field(eq=False, repr=False)


@frozen
class Test:
    """A question: words and values."""

    __test__ = False
    """Not a test case, whatever a test runner makes of the name."""

    items: tuple[Value, ...]
    span: Span = field(eq=False, repr=False)


@frozen
class Not:
    """`not CONDITION`."""

    operand: Condition
    span: Span = field(eq=False, repr=False)


@frozen
class And:
    """Conditions joined by `and`."""

    operands: tuple[Condition, ...]
    span: Span = field(eq=False, repr=False)


@frozen
class Or:
    """Conditions joined by `or`."""

    operands: tuple[Condition, ...]
    span: Span = field(eq=False, repr=False)


@frozen
class File:
    """A whole file."""

    body: tuple[Statement, ...]
    span: Span = field(eq=False, repr=False)


Condition: TypeAlias = Test | Not | And | Or
Statement: TypeAlias = Org | Param | Let | Include | Job | Chain | Parallel | For | When | Always
