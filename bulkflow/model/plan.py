"""A checked pipeline file: what the engine runs.

Phrases are matched and jobs are found. Values are still as written, because a loop's variable or an
environment variable is known only during the run. `word` identifies the plugin's record by the text
of its phrase, which is unique among the loaded plugins for each kind of job.
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
    """The event that a handler reacts to."""

    FAILURE = "failure"
    SUCCESS = "success"
    INTERRUPT = "interrupt"


@frozen
class PlannedStep:
    """A step: a plugin's word, the values of its slots, and its job."""

    word: str
    arguments: Mapping[str, Written]
    job: str | None
    span: Span = field(repr=False)
    org: str | None = None
    """The file's name for the step's org: its own, else its job's, else the only one."""
    kind: str | None = None
    """The kind of its job. `word` and `kind` together identify the plugin's record."""


@frozen
class PlannedHandler:
    """What runs after a chain that ended as `event` says."""

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
    job: str | None = None
    """The job that it names: `people` of `from job people`."""


@frozen
class PlannedJob:
    """A declared job."""

    name: str
    clauses: tuple[PlannedClause, ...]
    span: Span = field(repr=False)
    org: str | None = None
    """The file's name for the job's org."""
    kind: str | None = None
    """The kind of the job, from its clauses; None if none of them has a kind."""


@frozen
class PlannedTest:
    """One question of a condition."""

    word: str
    arguments: Mapping[str, Written]
    job: str | None
    span: Span = field(repr=False)
    org: str | None = None
    """As for a step."""


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
    """A value that is itself true or false: a param, a let or a literal."""

    value: Value
    span: Span = field(repr=False)


@frozen
class PlannedNot:
    """The opposite of a condition."""

    operand: Condition


@frozen
class PlannedAnd:
    """All of the operands, evaluated in order until one is false."""

    operands: tuple[Condition, ...]


@frozen
class PlannedOr:
    """Any of the operands, evaluated in order until one is true."""

    operands: tuple[Condition, ...]


@frozen
class PlannedParallel:
    """Statements that run in parallel."""

    body: Block
    span: Span = field(repr=False)


@frozen
class PlannedFor:
    """A block that runs once for each matching file, in name order."""

    variable: str
    pattern: Text
    body: Block
    span: Span = field(repr=False)


@frozen
class PlannedWhen:
    """A block that runs if the condition is true."""

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
    """Statements, and the constants and jobs declared with them.

    Constants are resolved in order when the block is entered; jobs are known in the whole block.
    """

    statements: tuple[Statement, ...]
    jobs: tuple[PlannedJob, ...] = ()
    lets: tuple[tuple[str, Value], ...] = ()


@frozen
class Plan:
    """A whole file, with its includes."""

    source: SourceText = field(repr=False)
    orgs: Mapping[str, str]
    """The file's names for its orgs, each with its profile."""
    parameters: Mapping[str, Value] = field(repr=False)
    """Every param's value: `--set`, else the default, which may be the secret in a variable."""
    body: Block
    sources: tuple[SourceText, ...] = field(default=(), repr=False)
    """The file and everything that it includes."""
