"""What the journal knows of earlier attempts at a run."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from attrs import Factory, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow.model.part import Part, SourceRecord


class IntentOutcome(Enum):
    """The outcome of a request that changes something."""

    DONE = "done"
    """The org confirmed it."""
    REFUSED = "refused"
    """The org refused it, or it was never sent."""
    LOST = "lost"
    """It was sent, and no response arrived."""
    WITHDRAWN = "withdrawn"
    """At most a part of it was sent, because the data could not be read or the run was to stop."""


class IntentKind(Enum):
    """What the framework knows about a request, whatever the plugin calls it."""

    CREATES = "creates"
    """Its result has the `id` of the part's new job in the org."""
    HANDS_OVER = "hands over"
    """The org may load the part's rows after it."""


@frozen
class Intent:
    """A request that was about to be sent. Without an outcome, it may or may not have been sent."""

    action: str
    detail: Mapping[str, Any]
    at: float
    outcome: IntentOutcome | None = None
    result: Mapping[str, Any] | None = None
    """What the response said."""
    number: int = 0
    """The number that its outcome is recorded under."""
    kind: IntentKind | None = None


@frozen
class PartHistory:
    """Everything that was or may have been done with one part, oldest first."""

    part: Part
    intents: tuple[Intent, ...] = ()
    remote_id: str | None = None
    """The part's last known job in the org."""
    state: str | None = None
    """The last known state of that job."""
    counters: tuple[int, int] = (0, 0)
    """The rows that the org had processed in that state, and how many of them failed."""
    states: frozenset[str] = frozenset()
    """Every known state of that job."""


@frozen
class JobHistory:
    """A job in earlier attempts at the run."""

    sources: tuple[SourceRecord, ...]
    parts: tuple[PartHistory, ...]
    org: str | None = None
    """The file's name for the job's org."""


class StepState(Enum):
    """How far a step came."""

    STARTED = "started"
    FINISHED = "finished"
    FAILED = "failed"
    HALTED = "halted"
    """It failed and no handler continued the flow; `resume` runs it again."""


@frozen
class StepRecord:
    """A step in earlier attempts at the run.

    `path` identifies the step in the plan, including loop iterations. `detail` holds what is needed
    to restore the result, including the state of the step's job.
    """

    path: str
    state: StepState
    detail: Mapping[str, Any]
    number: int = 0
    """The order of the records."""


@frozen
class RunSummary:
    """A run in a list of runs."""

    id: str
    pipeline: str
    org: str | None
    """The org's profile, or a text with the names and profiles of several orgs."""
    started: float
    finished: float | None
    exit_code: int | None
    rows: int
    jobs: tuple[str, ...]
    orgs: Mapping[str, str] = Factory(dict)
    """The file's names for its orgs, each with its profile."""
    given_up: bool = False
    """Whether the run ended because it was aborted."""
    kept_bytes: int = 0
    """Bytes in the run's folder: copies of rows, and results."""
