"""The events of a run: the engine and the steps emit them, listeners show them."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from attrs import Factory, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow.errors import BulkflowError, ExitCode
    from bulkflow.model.part import Counts, ErrorCount, Manifest
    from bulkflow.source import Span


@frozen
class RunStarted:
    """The plan is checked and the sources are read; nothing was sent yet."""

    run: str
    pipeline: str
    org: str
    """The org's profile, or a text with the names and profiles of several orgs."""
    at: float
    orgs: Mapping[str, str] = Factory(dict)
    """The file's names for its orgs, each with its profile."""


@frozen
class JobPrepared:
    """A job's source was read to its end and divided into parts."""

    job: str
    manifest: Manifest


@frozen
class StepStarted:
    """A step starts. `text` is the step as written."""

    step: str
    text: str
    job: str | None
    span: Span
    at: float


@frozen
class StepFinished:
    """A step succeeded."""

    step: str
    text: str
    job: str | None
    span: Span
    at: float
    seconds: float
    counts: Counts | None = None
    """The outcomes of the job's rows, after a step that finishes the job."""


@frozen
class StepFailed:
    """A step failed."""

    step: str
    text: str
    job: str | None
    span: Span
    at: float
    seconds: float
    error: BulkflowError


@frozen
class Progress:
    """How far a job is. Totals that are not known yet are None."""

    job: str
    at: float
    parts: int
    parts_done: int
    bytes_sent: int
    bytes_total: int | None
    rows_processed: int
    rows_failed: int
    rows_total: int | None
    states: Mapping[str, int]
    """How many parts are in each of the org's states."""
    rows_unprocessed: int = 0
    rows_withheld: int = 0
    rows_unknown: int = 0


class NoticeLevel(Enum):
    """The importance of a notice."""

    DETAIL = "detail"
    INFO = "info"
    WARNING = "warning"


@frozen
class Notice:
    """Something that the user should read: a log step, a saved file, a retried request."""

    message: str
    level: NoticeLevel = NoticeLevel.INFO
    job: str | None = None
    help: str | None = None


@frozen
class Shown:
    """Data that a step was asked to show, such as a job's properties; goes to stdout."""

    title: str
    properties: Mapping[str, object]
    job: str | None = None


@frozen
class JobOutcome:
    """How a job ended."""

    job: str
    phase: str
    counts: Counts
    seconds: float | None = None
    saved: tuple[str, ...] = ()
    """Files that its rows were saved to."""
    left: tuple[str, ...] = ()
    """Ids of its unfinished jobs in the org."""
    undone: int = 0
    """How many of the records that its rows created were deleted again."""
    commonest_error: ErrorCount | None = None
    """The most common error of its failed rows, if the run knows it."""


@frozen
class RunFinished:
    """The run ended, with any result."""

    run: str | None
    """None if no run started."""
    exit_code: ExitCode
    at: float
    seconds: float
    jobs: tuple[JobOutcome, ...]
    errors: tuple[BulkflowError, ...] = ()
    help: str | None = None


Event: TypeAlias = (
    RunStarted
    | JobPrepared
    | StepStarted
    | StepFinished
    | StepFailed
    | Progress
    | Notice
    | Shown
    | RunFinished
)
