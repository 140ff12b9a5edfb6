"""What every step of a run works with."""

from __future__ import annotations

import shlex
import time
from collections import Counter
from threading import Lock
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from attrs import Factory, define, evolve, field

from bulkflow.engine.cancellation import Cancellation
from bulkflow.engine.lookahead import steps_ahead
from bulkflow.engine.resources import SharedResources
from bulkflow.errors import PluginError
from bulkflow.model.event import JobPrepared, Notice, NoticeLevel
from bulkflow.model.org import get_only_org
from bulkflow.plugin.context import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from bulkflow.errors import BulkflowError
    from bulkflow.model.event import Event
    from bulkflow.model.history import JobHistory, StepRecord, StepState
    from bulkflow.model.ledger import HandOver, RowRange, Target
    from bulkflow.model.part import Counts, Manifest
    from bulkflow.model.plan import Block, PlannedJob, PlannedStep
    from bulkflow.plugin.context import Clock, Context, Job, StepAhead
    from bulkflow.plugin.messages import Load
    from bulkflow.plugin.records import Problem, Provider
    from bulkflow.plugin.registry import Catalogue

T = TypeVar("T")


class Plugins(Protocol):
    """As much of the plugin host as a run needs."""

    @property
    def catalogue(self) -> Catalogue:
        """What the plugins declare."""
        ...

    def prepare_job(self, context: Context, job: Job) -> Manifest | None:
        """Read a job's source."""
        ...

    def find_source_problems(self, context: Context, job: Job) -> Iterable[Problem]:
        """What is wrong with a job's source."""
        ...

    def find_org_problems(
        self, context: Context, loads: Sequence[Load], requests: int
    ) -> Iterable[Problem]:
        """What the org says against the loads of a plan."""
        ...

    def notify(self, event: Event) -> Iterable[tuple[Provider, BulkflowError]]:
        """Tell the plugins what happened; the failures of those that cannot bear it."""
        ...


class RunRecorder(Recorder, Protocol):
    """The journal, as far as the engine asks it."""

    def has_intents(self) -> bool:
        """Whether any request that changes something may have been carried out."""
        ...

    def intended(self, action: str) -> bool:
        """Whether a request of a kind was sent, or may have been, and not refused by the org."""
        ...

    def find_step(self, place: str) -> StepRecord | None:
        """How far an earlier attempt came with a step; None if it never began."""
        ...

    def find_counts_since(self, job: str, step: StepRecord) -> Counts | None:
        """Return the counts that a command left after a step had ended; None without one."""
        ...

    def record_step(
        self, place: str, text: str, state: StepState, detail: Mapping[str, object]
    ) -> None:
        """A step began, or came to an end."""
        ...

    def decide_once(self, place: str, decide: Callable[[], T]) -> T:
        """What an earlier attempt decided at a place, or else `decide`, from now on."""
        ...

    def find_decision(self, place: str) -> object | None:
        """What an earlier attempt decided at a place; None if it never got there."""
        ...


class NullRecorder:
    """A recorder for what sends nothing, such as a plan. It must not be asked to record intents."""

    def record_parts(self, job: str, manifest: Manifest, org: str | None = None) -> None:
        """Parts need no record when nothing becomes of them."""

    def intend(self, job: str, part: int, action: str, detail: Mapping[str, object]) -> int:
        """Refuse."""
        raise PluginError(f"a plugin wanted to {action} job {job} while only a plan was asked for")

    def settle(self, intent: int, outcome: str, detail: Mapping[str, object]) -> None:
        """Refuse."""
        raise PluginError("a plugin settled an intent that it never had")

    def record_state(
        self, job: str, part: int, remote_id: str, state: str, counters: tuple[int, int] = (0, 0)
    ) -> None:
        """Nothing happened to it; it was only looked at."""

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
        """Refuse."""
        return self.intend(job, part, action, detail)

    def find_hand_overs(
        self, target: Target | None, ranges: Sequence[RowRange], *, longer: bool = False
    ) -> list[HandOver]:
        """Nothing is known of other runs."""
        return []

    def record_counts(self, job: str, part: int, counts: Counts) -> None:
        """Nothing became of them."""

    def record_undo(self, job: str, part: int) -> None:
        """Nothing was made."""

    def read_history(self, job: str) -> JobHistory | None:
        """There was no earlier attempt."""
        return None

    def has_intents(self) -> bool:
        """Nothing was."""
        return False

    def intended(self, action: str) -> bool:
        """Nothing was."""
        return False

    def find_step(self, place: str) -> StepRecord | None:
        """There was no earlier attempt."""
        return None

    def find_counts_since(self, job: str, step: StepRecord) -> Counts | None:
        """No command did."""
        return None

    def record_step(
        self, place: str, text: str, state: StepState, detail: Mapping[str, object]
    ) -> None:
        """Steps are not run."""

    def decide_once(self, place: str, decide: Callable[[], T]) -> T:
        """Everything is decided anew."""
        return decide()

    def find_decision(self, place: str) -> object | None:
        """Nothing was decided."""
        return None


class SystemClock:
    """The machine's time."""

    def time(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()


@define(eq=False, repr=False)
class Services:
    """One run's plugins, listeners, journal, clock and orgs, and what it has come to so far."""

    run_id: str
    plugins: Plugins
    listener: Callable[[Event], None]
    journal: RunRecorder
    environ: Mapping[str, str] = field(repr=False)
    orgs: Mapping[str, str]
    """The names that the file has for its orgs, each with the profile that it stands for."""
    run_directory: Path
    clock: Clock = Factory(SystemClock)
    cancellation: Cancellation = Factory(Cancellation)
    shared: SharedResources = Factory(SharedResources)
    jobs: list[Job] = Factory(list)
    errors: list[BulkflowError] = Factory(list)
    due: list[str | None] = Factory(list)
    """The jobs, by key, that steps were to hand over which failed, or that the run did not come to;
    None for jobs of blocks that it did not come to."""
    replays: bool = True
    """Whether steps are kept in the journal, and those that it has are not run again."""
    asks_for_answers: bool = True
    """Whether rows that failed must have an answer: not where the rows are not what it is about."""
    recalls: bool = False
    """Whether loops and conditions are as the run decided them, and nothing is decided anew."""
    independent: bool = False
    """Whether the statements have nothing to do with one another: each runs, whichever fails."""
    continues_with: tuple[str, ...] = ("resume",)
    """The verb and the options of the command that continues what is left undone."""
    place: tuple[str, ...] = ()
    """The options by which a command finds the run's state directory."""
    _prepared: set[str] = field(factory=set)
    _deaf: set[Provider] = field(factory=set)
    _numbers: dict[int, int] = field(factory=dict, repr=False)
    _labels: Counter[str] = field(factory=Counter)
    _ahead: dict[int, tuple[StepAhead, ...]] = field(factory=dict, repr=False)
    _emitting: Lock = field(factory=Lock, repr=False)
    _adding: Lock = field(factory=Lock, repr=False)

    @property
    def catalogue(self) -> Catalogue:
        """What the plugins declare."""
        return self.plugins.catalogue

    def find_earlier(self, place: str) -> StepRecord | None:
        """How far an earlier attempt at the run came with a step."""
        return self.journal.find_step(place) if self.replays else None

    def record(self, place: str, text: str, state: StepState, detail: Mapping[str, object]) -> None:
        """Keep how far a step came."""
        if self.replays:
            self.journal.record_step(place, text, state, detail)

    def decide_once(self, place: str, decide: Callable[[], T], unreached: T) -> T:
        """What is decided once for all attempts at the run, such as the files of a loop.

        `unreached` is what holds afterwards where the run never got to.
        """
        if self.recalls:
            found = self.journal.find_decision(place)
            return unreached if found is None else cast("T", found)
        return self.journal.decide_once(place, decide) if self.replays else decide()

    def emit(self, event: Event) -> None:
        """Tell the report and the plugins; events reach them one at a time.

        A plugin that fails at listening is named in a warning, once, and the load goes on: rows
        on their way into an org matter more than a listener.
        """
        with self._emitting:
            self.listener(event)
            for provider, error in self.plugins.notify(event):
                if provider not in self._deaf:
                    self._deaf.add(provider)
                    self.listener(Notice(error.message, NoticeLevel.WARNING, help=error.help))

    def declare(self, jobs: Iterable[PlannedJob]) -> None:
        """Number the jobs that share a name, in the order of the file.

        By the file and not by when they are reached: a key must mean the same job in every attempt.
        """
        seen: Counter[str] = Counter()
        for job in jobs:
            seen[job.name] += 1
            self._numbers[id(job)] = seen[job.name]

    def foresee(self, body: Block) -> None:
        """Find which steps follow each other, before the first of them runs."""
        self._ahead.update(steps_ahead(body))

    def ahead_of(self, step: PlannedStep) -> Sequence[StepAhead]:
        """The steps that follow a step for its job if nothing fails."""
        return self._ahead.get(id(step), ())

    def add(self, job: Job, declared: PlannedJob) -> Job:
        """Make a job one of the run's; numbers its key where another has the same."""
        declared_as = self._numbers.get(id(declared), 1)
        if declared_as > 1:
            job = evolve(job, key=f"{job.key}#{declared_as}")
        with self._adding:
            self._labels[job.key] += 1
            number = self._labels[job.key]
            added = job if number == 1 else evolve(job, key=f"{job.key}#{number}")
            self.jobs.append(added)
        return added

    @property
    def only_org(self) -> str | None:
        """The file's name for its org, if it has one and no more."""
        return get_only_org(self.orgs)

    def prepare(self, job: Job, context: Context) -> None:
        """Have a job's source read, unless that was done. Raises `DataError`."""
        if job.key in self._prepared:
            return
        job.manifest = self.plugins.prepare_job(context, job)
        self._prepared.add(job.key)
        if job.manifest is not None:
            if self.journal.read_history(job.key) is None:
                self.journal.record_parts(job.key, job.manifest, job.org)
            self.emit(JobPrepared(job.key, job.manifest))

    def format_command(self, verb: str, *options: str, run: str | None = None) -> str:
        """The command line that does something with a run, this one unless `run` names another."""
        return shlex.join(["bulkflow", verb, run or self.run_id, *options, *self.place])
