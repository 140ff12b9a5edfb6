"""What happens in a run, as frozen values: the engine and the steps emit, listeners show."""

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
    """The org's profile; of several orgs, their names and profiles as a text."""
    at: float
    orgs: Mapping[str, str] = Factory(dict)
    """The names that the file has for its orgs, each with the profile that it stands for."""


@frozen
class JobPrepared:
    """A job's source was read to its end and cut into parts."""

    job: str
    manifest: Manifest


@frozen
class StepStarted:
    """A step begins. `text` is the step as written."""

    step: str
    text: str
    job: str | None
    span: Span
    at: float


@frozen
class StepFinished:
    """A step did what it says."""

    step: str
    text: str
    job: str | None
    span: Span
    at: float
    seconds: float
    counts: Counts | None = None
    """How many rows of its job ended where, after a step that brings the job to an end."""


@frozen
class StepFailed:
    """A step did not do what it says."""

    step: str
    text: str
    job: str | None
    span: Span
    at: float
    seconds: float
    error: BulkflowError


@frozen
class Progress:
    """How far a job is. Totals are None where nobody can know them yet."""

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
    """How many parts are in which state of the org's."""
    rows_unprocessed: int = 0
    rows_withheld: int = 0
    rows_unknown: int = 0


class NoticeLevel(Enum):
    """How loud a notice is."""

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
    """Ids of its jobs that are in the org and not at an end."""
    undone: int = 0
    """How many of the records that its rows created are deleted again."""
    commonest_error: ErrorCount | None = None
    """What most of the rows that failed did so for, where the run knows it."""


@frozen
class RunFinished:
    """The run is over, in whichever way."""

    run: str | None
    """None where no run began."""
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
