"""A context that records what a step does with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import Factory, define, field, frozen

from bulkflow.errors import RunInterruptedError, UsageError
from bulkflow.model.event import Notice
from bulkflow.model.history import IntentKind, StepRecord
from bulkflow.model.ledger import HandedOverBeforeError
from bulkflow.path_checks import read_start
from bulkflow.plugin.registry import Catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from bulkflow.model.event import Event
    from bulkflow.model.history import JobHistory, StepState
    from bulkflow.model.ledger import HandOver, RowRange, Target
    from bulkflow.model.org import OrgAccess
    from bulkflow.model.part import Counts, Manifest
    from bulkflow.plugin.context import Job
    from bulkflow.plugin.records import Sink, Source

T = TypeVar("T")


@define(eq=False)
class TestClock:
    """A clock that moves only when a step sleeps. In seconds."""

    __test__ = False

    now: float = 1_700_000_000.0
    slept: list[float] = Factory(list)

    def time(self) -> float:
        """Return seconds since the epoch."""
        return self.now

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move the clock, and record the sleep."""
        self.slept.append(seconds)
        self.now += seconds


@frozen
class Recorded:
    """One call of the journal: its name, and its arguments in order."""

    what: str
    arguments: tuple[object, ...]


@define(eq=False)
class RecordingJournal:
    """Implements `bulkflow.plugin.Recorder` in memory, and enforces the journal's rules."""

    entries: list[Recorded] = Factory(list)
    histories: dict[str, JobHistory] = Factory(dict)
    steps: dict[str, StepRecord] = Factory(dict)
    reached: dict[str, StepRecord] = Factory(dict)
    decisions: dict[str, object] = Factory(dict)
    earlier: list[HandOver] = Factory(list)
    """What other runs handed over."""
    _open: set[int] = Factory(set)
    _intents: int = 0
    _handed_over: bool = False

    @property
    def unsettled(self) -> frozenset[int]:
        """The intents without an outcome."""
        return frozenset(self._open)

    def record_parts(self, job: str, manifest: Manifest, org: str | None = None) -> None:
        """Record the parts."""
        self.entries.append(Recorded("prepared", (job, manifest, org)))

    def read_history(self, job: str) -> JobHistory | None:
        """Return what the test put into `histories`."""
        return self.histories.get(job)

    def intend(
        self,
        job: str,
        part: int,
        action: str,
        detail: Mapping[str, object],
        *,
        kind: IntentKind | None = None,
    ) -> int:
        """Record the intent."""
        self._handed_over |= kind is IntentKind.HANDS_OVER
        self.entries.append(Recorded("intend", (job, part, action, dict(detail))))
        self._intents += 1
        self._open.add(self._intents)
        return self._intents

    def settle(self, intent: int, outcome: str, detail: Mapping[str, object]) -> None:
        """Record the outcome. Raises AssertionError for an intent that is not open."""
        if intent not in self._open:
            raise AssertionError(f"intent {intent} is settled, but it is not open")
        self._open.discard(intent)
        self.entries.append(Recorded("settle", (intent, outcome, dict(detail))))

    def record_state(
        self, job: str, part: int, remote_id: str, state: str, counters: tuple[int, int] = (0, 0)
    ) -> None:
        """Record the state."""
        self.entries.append(Recorded("remote", (job, part, remote_id, state)))

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
        """Record the intent, and which rows it hands over.

        Raises:
            HandedOverBeforeError: The test put such a hand-over into `earlier`.
        """
        if once and any(each.may_have_loaded for each in self.earlier):
            raise HandedOverBeforeError("these rows were handed over before", self.earlier)
        self.entries.append(Recorded("hand over", (job, part, target, tuple(ranges), once)))
        return self.intend(job, part, action, detail, kind=IntentKind.HANDS_OVER)

    def find_hand_overs(
        self, target: Target | None, ranges: Sequence[RowRange], *, longer: bool = False
    ) -> list[HandOver]:
        """Return what the test put into `earlier`."""
        return self.earlier

    def record_counts(self, job: str, part: int, counts: Counts) -> None:
        """Record the counts."""
        self.entries.append(Recorded("became", (job, part, counts)))

    def record_undo(self, job: str, part: int) -> None:
        """Record the undo."""
        self.entries.append(Recorded("took back", (job, part)))

    def has_intents(self) -> bool:
        """Whether there was an intent."""
        return self._intents > 0

    def has_handed_over(self) -> bool:
        """Whether there was an intent that hands rows over."""
        return self._handed_over

    def find_step(self, place: str) -> StepRecord | None:
        """Return what the test put into `steps`."""
        return self.steps.get(place)

    def find_counts_since(self, job: str, step: StepRecord) -> Counts | None:
        """Return None: no command changed the counts."""
        return None

    def record_step(
        self, place: str, text: str, state: StepState, detail: Mapping[str, object]
    ) -> None:
        """Record the state of a step, for a test that resumes the run."""
        self.reached[place] = StepRecord(place, state, dict(detail))

    def decide_once(self, place: str, decide: Callable[[], T]) -> T:
        """Decide once for each place."""
        if place not in self.decisions:
            self.decisions[place] = decide()
        return cast("T", self.decisions[place])

    def find_decision(self, place: str) -> object | None:
        """Find what was decided before; None if nothing was."""
        return self.decisions.get(place)


@define(eq=False)
class RecordingContext:
    """Implements `bulkflow.plugin.Context` without a run.

    Use it as a context manager, or call `close`, to close shared resources.
    """

    run_directory: Path
    folder: Path
    job: Job | None = None
    environ: Mapping[str, str] = field(factory=dict, repr=False)
    clock: TestClock = Factory(TestClock)
    journal: RecordingJournal = Factory(RecordingJournal)
    failure: BaseException | None = None
    run_id: str = "20260101-000000-test"
    org_access: OrgAccess | None = None
    """What `open_org` returns; without it, the run has no org."""
    org_name: str | None = None
    """The file's name for it."""
    sources: Mapping[str, Source] = Factory(dict)
    """By scheme; those with suffixes or `recognizes` open files, too."""
    sinks: Mapping[str, Sink] = Factory(dict)
    """By suffix or scheme."""
    events: list[Event] = Factory(list)
    interrupted: bool = False
    """Whether the user asked the run to stop."""
    _shared: dict[str, tuple[Any, Callable[[Any], None]]] = field(factory=dict, repr=False)

    @property
    def notices(self) -> list[str]:
        """The messages of the emitted notices."""
        return [event.message for event in self.events if isinstance(event, Notice)]

    def open_org(self) -> OrgAccess:
        """Return the test's `org_access`. Raises `UsageError` if it is not set."""
        if self.org_access is None:
            raise UsageError("the file names no org", help="give the context an `org_access`")
        return self.org_access

    def find_source(self, location: str) -> Source:
        """Find one of the test's `sources`. Raises `UsageError` for another scheme."""
        scheme = location.partition("://")[0].lower() if "://" in location else "file"
        if scheme not in self.sources:
            raise UsageError(f"no plugin reads locations that begin with {scheme}://")
        return self.sources[scheme]

    def find_file_source(self, path: Path) -> Source | None:
        """Find the source of a file among the test's `sources`."""
        return self._catalogue.find_file_source(path, lambda: read_start(path))

    def find_sink(self, path: str) -> Sink | None:
        """Find the sink of a path among the test's `sinks`."""
        return self._catalogue.find_sink(path)

    @property
    def _catalogue(self) -> Catalogue:
        found = {id(each): each for each in self.sources.values()}.values()
        return Catalogue(sources=self.sources, file_sources=tuple(found), sinks=self.sinks)

    def emit(self, event: Event) -> None:
        """Record the event."""
        self.events.append(event)

    def format_command(self, verb: str, *options: str, run: str | None = None) -> str:
        """Format a command line about a run."""
        return " ".join(["bulkflow", verb, run or self.run_id, *options])

    def checkpoint(self) -> None:
        """Raise `RunInterruptedError` if the test set `interrupted`."""
        if self.interrupted:
            raise RunInterruptedError("interrupted")

    @property
    def stopping(self) -> bool:
        """Whether the test set `interrupted`."""
        return self.interrupted

    def sleep(self, seconds: float) -> None:
        """Move the clock, then act as `checkpoint`."""
        self.clock.sleep(seconds)
        self.checkpoint()

    def share(self, key: str, make: Callable[[], T], close: Callable[[T], None]) -> T:
        """Get a resource of the context."""
        if key not in self._shared:
            self._shared[key] = (make(), close)
        return cast("T", self._shared[key][0])

    def close(self) -> None:
        """Close the shared resources, the last first."""
        while self._shared:
            _, (thing, close) = self._shared.popitem()
            close(thing)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
