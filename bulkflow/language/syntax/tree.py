"""The syntax tree: the structure of a file, without the meaning of its words.

Trees are compared without places (`span`). Words and values are those of `bulkflow.model.value`. A
word with an empty name was added by the parser to complete a line with a syntax error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from attrs import field, frozen

if TYPE_CHECKING:
    from bulkflow.model.plan import HandlerEvent
    from bulkflow.model.value import Name, Text, Value
    from bulkflow.source import Span


@frozen
class OrgNode:
    """`org PROFILE`, or `org NAME = PROFILE` to use another name than the profile's."""

    name: Name
    profile: Name
    span: Span = field(eq=False, repr=False)


@frozen
class ParamNode:
    """`param NAME [= VALUE] ["help"]`."""

    name: Name
    default: Value | None
    help: Text | None
    span: Span = field(eq=False, repr=False)


@frozen
class LetNode:
    """`let NAME = VALUE`."""

    name: Name
    value: Value
    span: Span = field(eq=False, repr=False)


@frozen
class IncludeNode:
    """`include "file"`."""

    path: Text
    span: Span = field(eq=False, repr=False)


@frozen
class ClauseNode:
    """A line of a job."""

    items: tuple[Value, ...]
    span: Span = field(eq=False, repr=False)


@frozen
class JobNode:
    """`job NAME` with its clauses. The span covers the first line."""

    name: Name
    clauses: tuple[ClauseNode, ...]
    span: Span = field(eq=False, repr=False)


@frozen
class StepNode:
    """A verb and the words and values after it."""

    items: tuple[Value, ...]
    span: Span = field(eq=False, repr=False)


@frozen
class HandlerNode:
    """`on failure`, `on success` or `on interrupt` with its steps."""

    event: HandlerEvent
    steps: tuple[StepNode, ...]
    span: Span = field(eq=False, repr=False)


@frozen
class ChainNode:
    """Steps joined by `then`, and their handlers."""

    steps: tuple[StepNode, ...]
    handlers: tuple[HandlerNode, ...]
    span: Span = field(eq=False, repr=False)


@frozen
class ParallelNode:
    """`parallel` with its block. The span of each block covers its first line."""

    body: tuple[StatementNode, ...]
    span: Span = field(eq=False, repr=False)


@frozen
class ForNode:
    """`for NAME in "pattern"` with its block."""

    variable: Name
    pattern: Text
    body: tuple[StatementNode, ...]
    span: Span = field(eq=False, repr=False)


@frozen
class WhenNode:
    """`when CONDITION` with its block."""

    condition: ConditionNode
    body: tuple[StatementNode, ...]
    span: Span = field(eq=False, repr=False)


@frozen
class AlwaysNode:
    """`always` with its block."""

    body: tuple[StatementNode, ...]
    span: Span = field(eq=False, repr=False)


@frozen
class TestNode:
    """A condition of words and values."""

    __test__ = False
    """pytest collects classes by this name."""

    items: tuple[Value, ...]
    span: Span = field(eq=False, repr=False)


@frozen
class NotNode:
    """`not CONDITION`."""

    operand: ConditionNode
    span: Span = field(eq=False, repr=False)


@frozen
class AndNode:
    """Conditions joined by `and`."""

    operands: tuple[ConditionNode, ...]
    span: Span = field(eq=False, repr=False)


@frozen
class OrNode:
    """Conditions joined by `or`."""

    operands: tuple[ConditionNode, ...]
    span: Span = field(eq=False, repr=False)


@frozen
class FileNode:
    """A whole file."""

    body: tuple[StatementNode, ...]
    span: Span = field(eq=False, repr=False)


ConditionNode: TypeAlias = TestNode | NotNode | AndNode | OrNode
StatementNode: TypeAlias = (
    OrgNode
    | ParamNode
    | LetNode
    | IncludeNode
    | JobNode
    | ChainNode
    | ParallelNode
    | ForNode
    | WhenNode
    | AlwaysNode
)
