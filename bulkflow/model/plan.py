"""A checked pipeline file: what the engine walks.

Phrases are matched and jobs are found; values are still as written, because a loop's variable or an
environment variable is known only when the run gets there. `word` names the plugin's record by the
text of its phrase, which is unique among the loaded plugins.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow.model.value import Text, Value, Written
    from bulkflow.source import SourceText, Span


class HandlerEvent(Enum):
    """What a handler waits for."""

    FAILURE = "failure"
    SUCCESS = "success"
    INTERRUPT = "interrupt"


@frozen
class PlannedStep:
    """A step: a plugin's word, its slots' values, and the job that it is about."""

    word: str
    arguments: Mapping[str, Written]
    job: str | None
    span: Span = field(repr=False)
    org: str | None = None
    """The org that it works in, by the file's name: its own, else its job's, else the only one."""


@frozen
class PlannedHandler:
    """What runs after a chain, when the chain ended the way that `event` says."""

    event: HandlerEvent
    steps: tuple[PlannedStep, ...]
    span: Span = field(repr=False)


@frozen
class PlannedChain:
    """Steps in order; the first failure ends the chain."""

    steps: tuple[PlannedStep, ...]
    handlers: tuple[PlannedHandler, ...]
    span: Span = field(repr=False)


@frozen
class PlannedClause:
    """A clause of a job."""

    word: str
    arguments: Mapping[str, Written]
    span: Span = field(repr=False)


@frozen
class PlannedJob:
    """A declared job."""

    name: str
    clauses: tuple[PlannedClause, ...]
    span: Span = field(repr=False)
    org: str | None = None
    """The org that it is for, by the file's name."""


@frozen
class PlannedTest:
    """One question of a condition."""

    word: str
    arguments: Mapping[str, Written]
    job: str | None
    span: Span = field(repr=False)
    org: str | None = None
    """As that of a step."""


@frozen
class PlannedComparison:
    """`VALUE is VALUE`, or `VALUE is not VALUE` where `equal` is False.

    Both are resolved like a slot's values and compared with `bulkflow.model.value.is_same_value`.
    """

    left: Value
    right: Value
    equal: bool
    span: Span = field(repr=False)


@frozen
class PlannedTruth:
    """A value that is true or false by itself: a param, a let or a literal."""

    value: Value
    span: Span = field(repr=False)


@frozen
class PlannedNot:
    """The opposite of a condition."""

    operand: Condition


@frozen
class PlannedAnd:
    """All of the operands, asked in order until one is false."""

    operands: tuple[Condition, ...]


@frozen
class PlannedOr:
    """Any of the operands, asked in order until one is true."""

    operands: tuple[Condition, ...]


@frozen
class PlannedParallel:
    """Statements that run side by side."""

    body: Block
    span: Span = field(repr=False)


@frozen
class PlannedFor:
    """A block, once for each file that matches, in name order."""

    variable: str
    pattern: Text
    body: Block
    span: Span = field(repr=False)


@frozen
class PlannedWhen:
    """A block that runs when the condition holds."""

    condition: Condition
    body: Block
    span: Span = field(repr=False)


@frozen
class PlannedAlways:
    """A block that runs whatever happened before it."""

    body: Block
    span: Span = field(repr=False)


Condition: TypeAlias = (
    PlannedTest | PlannedComparison | PlannedTruth | PlannedNot | PlannedAnd | PlannedOr
)
Statement: TypeAlias = PlannedChain | PlannedParallel | PlannedFor | PlannedWhen | PlannedAlways


@frozen
class Block:
    """Statements with the constants and jobs that are declared beside them.

    Constants are resolved in order when the block is entered; jobs are known throughout it.
    """

    statements: tuple[Statement, ...]
    jobs: tuple[PlannedJob, ...] = ()
    lets: tuple[tuple[str, Value], ...] = ()


@frozen
class Plan:
    """A whole file, with its includes."""

    source: SourceText = field(repr=False)
    orgs: Mapping[str, str]
    """The names that the file has for its orgs, each with the profile that it stands for."""
    parameters: Mapping[str, Value] = field(repr=False)
    """Every param with its value: `--set`, else the default, which may be a variable's secret."""
    body: Block
    sources: tuple[SourceText, ...] = field(default=(), repr=False)
    """The file, and all that it includes."""
