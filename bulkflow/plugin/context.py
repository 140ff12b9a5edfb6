"""What a step can see and use of its run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from attrs import Factory, define, field

from bulkflow.model.job_phase import Phase
from bulkflow.model.part import Counts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from bulkflow.model.event import Event
    from bulkflow.model.history import IntentKind, JobHistory
    from bulkflow.model.ledger import HandOver, RowRange, Target
    from bulkflow.model.org import OrgAccess
    from bulkflow.model.part import ErrorCount, Manifest
    from bulkflow.plugin.records import Sink, Source

T = TypeVar("T")


@define(eq=False, repr=False)
class Job:
    """A logical job while it runs.

    The steps that work on a job keep `phase` and `counts` up to date, and set `find_left`. `state`
    belongs to the plugin that implements the job; nothing else reads it.
    """

    key: str
    """Its name, and the iteration if it is inside a loop: unique within the run."""
    name: str
    settings: Mapping[str, object]
    """The settings from its clauses, by the names that the clauses declare."""
    folder: Path
    """Where its relative paths start: the folder of the pipeline file."""
    org: str | None = None
    """The file's name for the job's org."""
    manifest: Manifest | None = None
    phase: Phase = Phase.DECLARED
    counts: Counts = Factory(Counts)
    saved: list[str] = Factory(list)
    """Files that its rows were saved to."""
    is_read: bool = False
    """Whether another job of the file takes its rows, as with `from job people`."""
    undone: int = 0
    """How many of the records that its rows created were deleted again."""
    find_left: Callable[[], Collection[str]] = tuple
    """Returns the ids of its unfinished jobs in the org."""
    commonest_error: ErrorCount | None = None
    """The most common error of its failed rows, if a step has looked for it."""
    judged: dict[str, int] = Factory(dict)
    """How many rows that are not loaded a step or condition has judged, by names of `NOT_LOADED`.

    A run ends with exit code 3 if there are more such rows than were judged."""

    @property
    def left(self) -> Collection[str]:
        """Ids of its unfinished jobs in the org, as they are now."""
        return self.find_left()

    @property
    def unjudged(self) -> Sequence[str]:
        """The outcomes, by names of `NOT_LOADED`, with rows that were not judged."""
        found = self.counts.not_loaded
        return [kind for kind, rows in found.items() if rows > self.judged.get(kind, 0)]

    state: dict[str, object] = field(factory=dict, repr=False)


class Clock(Protocol):
    """A source of time."""

    def time(self) -> float:
        """Return seconds since the epoch."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        ...


class Recorder(Protocol):
    """The journal, as steps use it.

    A call returns when its record is on disk. What `settle` and `record_state` record is on disk no
    later than the next record that is written.
    """

    def record_parts(self, job: str, manifest: Manifest, org: str | None = None) -> None:
        """Record the files that a job is read from, and its parts; another call adds more.

        `org` is the file's name for the job's org.
        """
        ...

    def read_history(self, job: str) -> JobHistory | None:
        """Read what earlier attempts at the run did with a job; None if they did not get to it."""
        ...

    def intend(
        self,
        job: str,
        part: int,
        action: str,
        detail: Mapping[str, object],
        *,
        kind: IntentKind | None = None,
    ) -> int:
        """Record a request that is about to change something; returns the intent's number.

        Args:
            job: The key of the job.
            part: The index of the part.
            action: The plugin's word for the request.
            detail: What the plugin needs to find out the outcome later.
            kind: What bulkflow has to know about the request.
        """
        ...

    def settle(self, intent: int, outcome: str, detail: Mapping[str, object]) -> None:
        """Record the response to an intent's request, or what was found out about it."""
        ...

    def record_state(
        self, job: str, part: int, remote_id: str, state: str, counters: tuple[int, int] = (0, 0)
    ) -> None:
        """Record the id of a part's job in the org, and its last known state.

        `counters` are the rows processed by then, including failures, and the failed ones.
        """
        ...

    def hand_over(
        self,
        job: str,
        part: int,
        action: str,
        detail: Mapping[str, object],
        target: Target,
        ranges: Sequence[RowRange],
        *,
        once: bool,
    ) -> int:
        """Record an intent after which the org may load rows, and the rows in the ledger.

        Raises:
            HandedOverBeforeError: `once` is set, and another run of the project handed some of the
                rows over to the same target and may have loaded them. Nothing is recorded then.
        """
        ...

    def find_hand_overs(
        self, target: Target | None, ranges: Sequence[RowRange], *, longer: bool = False
    ) -> list[HandOver]:
        """Find which of these rows other runs of the project handed over, newest first.

        A `target` of None matches any target. A run that was started with `--fresh` ignores what
        was handed over before it started. `longer` also finds ranges that may contain these rows or
        be part of them, because they begin with the same `head`; the caller has to compare them.
        """
        ...

    def record_counts(self, job: str, part: int, counts: Counts) -> None:
        """Record the outcome of the rows that a part handed over."""
        ...

    def record_undo(self, job: str, part: int) -> None:
        """Record that what a part's rows created was deleted, so they may be handed over again."""
        ...


class Context(Protocol):
    """The first argument of every step."""

    @property
    def run_id(self) -> str:
        """The run's id."""
        ...

    @property
    def job(self) -> Job | None:
        """The job that the step is about, named or implied."""
        ...

    @property
    def folder(self) -> Path:
        """Where relative paths of the step start: the folder of the pipeline file."""
        ...

    @property
    def run_directory(self) -> Path:
        """The run's own folder, for files that it needs on disk."""
        ...

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment variables that the run may see."""
        ...

    @property
    def clock(self) -> Clock:
        """The clock of the run."""
        ...

    @property
    def journal(self) -> Recorder:
        """The durable record of the run."""
        ...

    @property
    def failure(self) -> BaseException | None:
        """The error that ended the chain; only set in a failure handler."""
        ...

    @property
    def org_name(self) -> str | None:
        """The file's name for the step's org; None if the step has no org or it is ambiguous."""
        ...

    def open_org(self) -> OrgAccess:
        """Open the step's org, once per run.

        That is the org that the step names, else its job's, else the only one of the file. Raises
        `UsageError` if there is none.
        """
        ...

    def find_source(self, location: str) -> Source:
        """Find the source that reads a location's scheme. Raises `UsageError` if none does."""
        ...

    def find_file_source(self, path: Path) -> Source | None:
        """Find the source of a file by its suffix, else by its content; None for CSV."""
        ...

    def find_sink(self, path: str) -> Sink | None:
        """Find the sink of a path by its suffix, or by its scheme; None for CSV."""
        ...

    def emit(self, event: Event) -> None:
        """Send an event to the listeners."""
        ...

    def format_command(self, verb: str, *options: str, run: str | None = None) -> str:
        """Format a command line about a run, such as `bulkflow resume RUN`.

        It works in the directory where this command was started. `run` names another run of the
        same project; the default is this run.
        """
        ...

    def checkpoint(self) -> None:
        """Raise `RunInterruptedError` if the user asked the run to stop."""
        ...

    @property
    def stopping(self) -> bool:
        """Whether the user asked the run to stop, even if a handler may continue."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait; raises `RunInterruptedError` early if the user asks the run to stop."""
        ...

    def share(self, key: str, make: Callable[[], T], close: Callable[[T], None]) -> T:
        """Get a resource of the whole run; made at the first call, closed when the run ends."""
        ...
