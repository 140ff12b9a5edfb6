"""What the journal knows of an earlier attempt at the same run."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from attrs import Factory, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow.model.part import Part, SourceRecord


class IntentOutcome(Enum):
    """What became of a request that changes something."""

    DONE = "done"
    """The org answered that it did it."""
    REFUSED = "refused"
    """The org answered that it did not, or the request never left."""
    LOST = "lost"
    """It left, and no answer came."""
    WITHDRAWN = "withdrawn"
    """A part of it left at most, because the data could not be read or the run was to stop."""


@frozen
class Intent:
    """A request that was about to be sent. Without an outcome, nobody knows whether it was."""

    action: str
    detail: Mapping[str, Any]
    at: float
    outcome: IntentOutcome | None = None
    result: Mapping[str, Any] | None = None
    """What the answer said."""
    number: int = 0
    """By which its outcome is recorded."""


@frozen
class PartHistory:
    """Everything that was done, or may have been done, with one part; oldest first."""

    part: Part
    intents: tuple[Intent, ...] = ()
    remote_id: str | None = None
    """The job in the org that was seen last for it."""
    state: str | None = None
    """The state that was seen last."""
    counters: tuple[int, int] = (0, 0)
    """How many rows the org said then that it had processed, and how many of these failed."""
    states: frozenset[str] = frozenset()
    """Every state that was seen of that job."""


@frozen
class JobHistory:
    """A job of the run that is gone on with."""

    sources: tuple[SourceRecord, ...]
    parts: tuple[PartHistory, ...]
    org: str | None = None
    """The org that it is for, by the file's name."""


class StepState(Enum):
    """How far a step came."""

    STARTED = "started"
    FINISHED = "finished"
    FAILED = "failed"
    HALTED = "halted"
    """It failed, and nothing said to go on: whoever goes on with the run does it again."""


@frozen
class StepRecord:
    """A step of the run that is gone on with.

    `path` says which step of the plan it is, and in which turn of which loop; `job` is what the
    step left its job as.
    """

    path: str
    state: StepState
    detail: Mapping[str, Any]
    number: int = 0
    """The order in which the records were made."""


@frozen
class RunSummary:
    """A run, as a list of runs shows it."""

    id: str
    pipeline: str
    org: str | None
    """The org's profile; of several orgs, their names and profiles as a text."""
    started: float
    finished: float | None
    exit_code: int | None
    rows: int
    jobs: tuple[str, ...]
    orgs: Mapping[str, str] = Factory(dict)
    """The names that the file has for its orgs, each with the profile that it stands for."""
    given_up: bool = False
    """Whether it is over because somebody gave it up."""
    kept_bytes: int = 0
    """What the run's folder holds: copies of rows, and results."""
