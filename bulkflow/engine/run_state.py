"""What every step of a run works with."""

from __future__ import annotations

import shlex
import time
from collections import Counter
from threading import Lock
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from attrs import Factory, define, evolve, field

from bulkflow.engine.cancellation import Cancellation
from bulkflow.engine.event_log import log_event
from bulkflow.engine.lookahead import find_steps_ahead
from bulkflow.engine.resources import SharedResources
from bulkflow.errors import DataError
from bulkflow.model.event import JobPrepared, Notice, NoticeLevel
from bulkflow.model.org import get_only_org
from bulkflow.model.run_mode import RunMode
from bulkflow.plugin.context import Recorder
from bulkflow.plugin.lookahead import StepAhead
from bulkflow.plugin.source_errors import ProblemsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from bulkflow.errors import BulkflowError
    from bulkflow.model.event import Event
    from bulkflow.model.history import StepRecord, StepState
    from bulkflow.model.part import Counts, Manifest
    from bulkflow.model.plan import Block, PlannedJob, PlannedStep
    from bulkflow.plugin.context import Clock, Context, Job
    from bulkflow.plugin.messages import Load
    from bulkflow.plugin.records import Problem, Provider
    from bulkflow.plugin.registry import Catalogue

T = TypeVar("T")


class Plugins(Protocol):
    """The part of the plugin host that a run needs."""

    @property
    def catalogue(self) -> Catalogue:
        """What the plugins declare."""
        ...

    def prepare_job(self, context: Context, job: Job) -> Manifest | None:
        """Read a job's source."""
        ...

    def find_source_problems(self, context: Context, job: Job) -> Iterable[Problem]:
        """Find what is wrong with a job's source."""
        ...

    def find_org_problems(
        self, context: Context, loads: Sequence[Load], reads: Sequence[Job], requests: int
    ) -> Iterable[Problem]:
        """Find what the org would refuse about the loads of a plan."""
        ...

    def notify(self, event: Event) -> Iterable[tuple[Provider, BulkflowError]]:
        """Notify the plugins of an event; returns the failures of plugins that raise."""
        ...


class RunRecorder(Recorder, Protocol):
    """The journal as the engine uses it."""

    def has_intents(self) -> bool:
        """Whether any request that changes something may have been carried out."""
        ...

    def has_handed_over(self) -> bool:
        """Whether an org may have loaded rows of the run."""
        ...

    def find_step(self, place: str) -> StepRecord | None:
        """Find how far an earlier attempt came with a step; None if it never started."""
        ...

    def find_counts_since(self, job: str, step: StepRecord) -> Counts | None:
        """Find the counts that a command left after a step had ended; None if there are none."""
        ...

    def record_step(
        self, place: str, text: str, state: StepState, detail: Mapping[str, object]
    ) -> None:
        """Record that a step started or ended."""
        ...

    def decide_once(self, place: str, decide: Callable[[], T]) -> T:
        """Return what an earlier attempt decided at a place, or else decide and record it."""
        ...

    def find_decision(self, place: str) -> object | None:
        """Find what an earlier attempt decided at a place; None if it did not get there."""
        ...


class SystemClock:
    """The machine's clock."""

    def time(self) -> float:
        """Return seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        return time.monotonic()


@define(eq=False, repr=False)
class Services:
    """A run's plugins, listeners, journal, clock and orgs, and its results so far."""

    run_id: str
    plugins: Plugins
    listener: Callable[[Event], None]
    journal: RunRecorder
    environ: Mapping[str, str] = field(repr=False)
    orgs: Mapping[str, str]
    """The file's names for its orgs, each with its profile."""
    run_directory: Path
    clock: Clock = Factory(SystemClock)
    cancellation: Cancellation = Factory(Cancellation)
    shared: SharedResources = Factory(SharedResources)
    jobs: list[Job] = Factory(list)
    errors: list[BulkflowError] = Factory(list)
    due: list[str | None] = Factory(list)
    """Keys of the jobs whose handing-over steps failed or were not reached; None for jobs of a
    block that was not reached."""
    mode: RunMode = RunMode.RUN
    is_progress: bool = True
    """Whether steps count as progress of the run: not in blocks that run after it has ended."""
    options: tuple[str, ...] = ()
    """The options of the command that runs the plan, to be repeated when it continues."""
    place: tuple[str, ...] = ()
    """The options by which a command finds the run's state directory."""
    _prepared: set[str] = field(factory=set)
    _unreadable: set[str] = field(factory=set, init=False, repr=False)
    _deaf: set[Provider] = field(factory=set)
    _numbers: dict[int, int] = field(factory=dict, repr=False)
    _labels: Counter[str] = field(factory=Counter)
    _ahead: dict[int, tuple[PlannedStep, ...]] = field(factory=dict, repr=False)
    _emitting: Lock = field(factory=Lock, repr=False)
    _adding: Lock = field(factory=Lock, repr=False)

    @property
    def catalogue(self) -> Catalogue:
        """What the plugins declare."""
        return self.plugins.catalogue

    @property
    def replays(self) -> bool:
        """Whether steps are recorded, and recorded steps are not run again."""
        return self.mode.runs_file and self.is_progress

    def find_earlier(self, place: str) -> StepRecord | None:
        """Find how far an earlier attempt at the run came with a step."""
        return self.journal.find_step(place) if self.replays else None

    def record(self, place: str, text: str, state: StepState, detail: Mapping[str, object]) -> None:
        """Record how far a step came."""
        if self.replays:
            self.journal.record_step(place, text, state, detail)

    def decide_once(self, place: str, decide: Callable[[], T], unreached: T) -> T:
        """Decide something once for all attempts at the run, such as the files of a loop.

        `unreached` is the answer for a command on an earlier run, if that run did not get there.
        """
        if not self.mode.runs_file:
            found = self.journal.find_decision(place)
            return unreached if found is None else cast("T", found)
        return self.journal.decide_once(place, decide) if self.replays else decide()

    def emit(self, event: Event) -> None:
        """Send an event to the report and the plugins, one event at a time.

        A plugin that raises is named in a warning, once, and the load continues: rows on their way
        into an org matter more than a listener.
        """
        with self._emitting:
            log_event(event)
            self.listener(event)
            for provider, error in self.plugins.notify(event):
                if provider not in self._deaf:
                    self._deaf.add(provider)
                    self.listener(Notice(error.message, NoticeLevel.WARNING, help=error.help))

    def declare(self, jobs: Iterable[PlannedJob]) -> None:
        """Assign numbers to the jobs that share a name, in file order.

        File order, not execution order: a key must mean the same job in every attempt.
        """
        seen: Counter[str] = Counter()
        for job in jobs:
            seen[job.name] += 1
            self._numbers[id(job)] = seen[job.name]

    def find_steps_ahead(self, body: Block) -> None:
        """Find each step's later steps before the first one runs."""
        self._ahead.update(find_steps_ahead(body))

    def get_steps_ahead(self, step: PlannedStep) -> Sequence[StepAhead]:
        """Get the later steps of a step's job that run if nothing fails."""
        return [
            StepAhead(self.catalogue.get_step(later), later.word, later.arguments)
            for later in self._ahead.get(id(step), ())
        ]

    def add(self, job: Job, declared: PlannedJob) -> Job:
        """Add a job to the run; numbers its key if another job has the same."""
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
        """The file's name for its org, if it has exactly one."""
        return get_only_org(self.orgs)

    def is_unreadable(self, job: Job) -> bool:
        """Return whether the job's source could not be read, and the run continued nevertheless."""
        return job.key in self._unreadable

    def prepare(self, job: Job, context: Context) -> None:
        """Read a job's source unless that was done. Raises `DataError`."""
        if job.key in self._prepared:
            return
        try:
            job.manifest = self.plugins.prepare_job(context, job)
        except ProblemsError as error:
            # A plan compares the columns with the org nevertheless.
            job.manifest = error.manifest
            self._unreadable.add(job.key)
            raise
        except DataError:
            self._unreadable.add(job.key)
            raise
        self._prepared.add(job.key)
        if job.manifest is not None:
            if self.journal.read_history(job.key) is None:
                self.journal.record_parts(job.key, job.manifest, job.org)
            if not job.manifest.from_org:
                self.emit(JobPrepared(job.key, job.manifest))

    def format_command(self, verb: str, *options: str, run: str | None = None) -> str:
        """Format a command line about a run: this run, unless `run` names another."""
        return shlex.join(["bulkflow", verb, run or self.run_id, *options, *self.place])
