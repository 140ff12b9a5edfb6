"""What a step sees of the run that it is part of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from attrs import Factory, define, field, frozen

from bulkflow.model.job_phase import Phase
from bulkflow.model.part import Counts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from bulkflow.model.event import Event
    from bulkflow.model.history import JobHistory
    from bulkflow.model.ledger import HandOver, RowRange, Target
    from bulkflow.model.org import OrgAccess
    from bulkflow.model.part import ErrorCount, Manifest
    from bulkflow.model.value import Written
    from bulkflow.plugin.records import Source

T = TypeVar("T")


@define(eq=False, repr=False)
class Job:
    """A logical job while it runs.

    The steps that work on it keep `phase`, `counts` and `left` true; `state` is for the
    plugin whose job it is, and nobody else looks into it.
    """

    key: str
    """Its name, and in a loop the iteration: unique within the run."""
    name: str
    settings: Mapping[str, object]
    """What its clauses set, by the names that the clauses declare."""
    folder: Path
    """Where its relative paths start: the folder of the pipeline file."""
    org: str | None = None
    """The org that it is for, by the file's name."""
    manifest: Manifest | None = None
    phase: Phase = Phase.DECLARED
    counts: Counts = Factory(Counts)
    saved: list[str] = Factory(list)
    """Files that its rows were saved to."""
    undone: int = 0
    """How many of the records that its rows created are deleted again."""
    left: Collection[str] = ()
    """Ids of its jobs in the org that are not at an end."""
    commonest_error: ErrorCount | None = None
    """What most of its rows that failed did so for, where a step has looked at that."""
    judged: dict[str, int] = Factory(dict)
    """How many rows that are not loaded a step or a condition has judged, by names of `NOT_LOADED`.

    Rows that come after it are not judged: a run ends with 3 that has more."""

    @property
    def unjudged(self) -> Sequence[str]:
        """What became of rows that are not loaded and not judged: names of `NOT_LOADED`."""
        found = self.counts.not_loaded
        return [kind for kind, rows in found.items() if rows > self.judged.get(kind, 0)]

    state: dict[str, object] = field(factory=dict, repr=False)


@frozen
class StepAhead:
    """A step that follows for the same job: the text of its phrase, and its slots as written."""

    word: str
    arguments: Mapping[str, Written]


class Clock(Protocol):
    """Time, as a parameter."""

    def time(self) -> float:
        """Seconds since the epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        ...


class Recorder(Protocol):
    """The journal, as far as steps write it.

    A call returns when its record is on the disk; what an answer told, by `settle` and `remote`, is
    there before anything that is recorded later.
    """

    def record_parts(self, job: str, manifest: Manifest, org: str | None = None) -> None:
        """The files that a job is cut from, and its parts; called again, more of both.

        `org` is the one that the job is for, by the file's name.
        """
        ...

    def read_history(self, job: str) -> JobHistory | None:
        """What earlier attempts at the run did with a job; None if they never got to it."""
        ...

    def intend(self, job: str, part: int, action: str, detail: Mapping[str, object]) -> int:
        """A request that changes something is about to be sent; returns the intent's number."""
        ...

    def settle(self, intent: int, outcome: str, detail: Mapping[str, object]) -> None:
        """The request of an intent was answered, or its fate was found out."""
        ...

    def record_state(
        self, job: str, part: int, remote_id: str, state: str, counters: tuple[int, int] = (0, 0)
    ) -> None:
        """The id of a part's job in the org, and the state that was last seen.

        `counters` are how many rows were processed then, failures included, and how many failed.
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
        """As `intend`, for a request after which the org may load rows; the ledger keeps which.

        Raises:
            HandedOverBeforeError: `once`, and another run of the project handed some of the rows
                over to the same target and may have loaded them. Nothing is recorded then.
        """
        ...

    def find_hand_overs(
        self, target: Target | None, ranges: Sequence[RowRange], *, longer: bool = False
    ) -> list[HandOver]:
        """What other runs of the project handed over of some rows, the newest first.

        Whatever the target, if it is None. A run that was begun with `--fresh` passes over what was
        handed over before it began. With `longer`, also what the ranges may begin with, by their
        `head`: whether they do, is for the caller to see.
        """
        ...

    def record_counts(self, job: str, part: int, counts: Counts) -> None:
        """What became of the rows that a part handed over: from then on it is known."""
        ...

    def record_undo(self, job: str, part: int) -> None:
        """What a part's rows made is deleted again, so they may be handed over once more."""
        ...


class Context(Protocol):
    """What a step is given as its first argument."""

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
        """A folder of this run's own, for what has to be on disk."""
        ...

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment variables that the run may see."""
        ...

    @property
    def clock(self) -> Clock:
        """Time."""
        ...

    @property
    def journal(self) -> Recorder:
        """The durable record of the run."""
        ...

    @property
    def failure(self) -> BaseException | None:
        """In a failure handler, and there only: what ended the chain."""
        ...

    @property
    def org_name(self) -> str | None:
        """What the file calls the org of the step; None where it has none, or does not say."""
        ...

    @property
    def ahead(self) -> Sequence[StepAhead]:
        """The steps that follow for this job if nothing fails, in their order.

        None that a condition or a loop may leave out: what they need will be needed.
        """
        ...

    def open_org(self) -> OrgAccess:
        """The org of the step; opened at the first call that a step makes for it.

        That is the one that the step names, else its job's, else the only one of the file. Raises
        `UsageError` where there is none.
        """
        ...

    def find_source(self, location: str) -> Source:
        """The plugin's record for a location's scheme. Raises `UsageError` for an unknown one."""
        ...

    def emit(self, event: Event) -> None:
        """Tell the listeners."""
        ...

    def format_command(self, verb: str, *options: str, run: str | None = None) -> str:
        """The command line that does something with a run, such as `bulkflow resume RUN`.

        It can be typed as it is where this command was typed. The run is this one unless `run`
        names another of the same project.
        """
        ...

    def checkpoint(self) -> None:
        """Raise `RunInterruptedError` if the user asked the run to stop."""
        ...

    @property
    def stopping(self) -> bool:
        """Whether the user asked the run to stop, also where a handler may run on."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait, but no longer than the user lets us; then as `checkpoint`."""
        ...

    def share(self, key: str, make: Callable[[], T], close: Callable[[T], None]) -> T:
        """One thing for the whole run, made at the first call and closed at the end of the run."""
        ...
