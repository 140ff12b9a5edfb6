"""A context that keeps what a step does with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import Factory, define, field, frozen

from bulkflow.errors import RunInterruptedError, UsageError
from bulkflow.model.event import Notice
from bulkflow.model.history import StepRecord
from bulkflow.model.ledger import HandedOverBeforeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from bulkflow.model.event import Event
    from bulkflow.model.history import JobHistory, StepState
    from bulkflow.model.ledger import HandOver, RowRange, Target
    from bulkflow.model.org import OrgAccess
    from bulkflow.model.part import Counts, Manifest
    from bulkflow.plugin.context import Job, StepAhead
    from bulkflow.plugin.records import Source

T = TypeVar("T")


@define(eq=False)
class TestClock:
    """Time that passes only when a step sleeps. Seconds."""

    __test__ = False

    now: float = 1_700_000_000.0
    slept: list[float] = Factory(list)

    def time(self) -> float:
        """Seconds since the epoch."""
        return self.now

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass, and keep how much."""
        self.slept.append(seconds)
        self.now += seconds


@frozen
class Recorded:
    """One call of the journal: its name, and its arguments in order."""

    what: str
    arguments: tuple[object, ...]


@define(eq=False)
class RecordingJournal:
    """Implements `bulkflow.plugin.Recorder` in memory, and holds steps to the journal's rules."""

    entries: list[Recorded] = Factory(list)
    histories: dict[str, JobHistory] = Factory(dict)
    steps: dict[str, StepRecord] = Factory(dict)
    reached: dict[str, StepRecord] = Factory(dict)
    decisions: dict[str, object] = Factory(dict)
    earlier: list[HandOver] = Factory(list)
    """What other runs handed over."""
    _open: set[int] = Factory(set)
    _intents: int = 0

    @property
    def unsettled(self) -> frozenset[int]:
        """The intents that have no outcome."""
        return frozenset(self._open)

    def record_parts(self, job: str, manifest: Manifest, org: str | None = None) -> None:
        """Keep the parts."""
        self.entries.append(Recorded("prepared", (job, manifest, org)))

    def read_history(self, job: str) -> JobHistory | None:
        """There was no earlier attempt, unless the test says so in `histories`."""
        return self.histories.get(job)

    def intend(self, job: str, part: int, action: str, detail: Mapping[str, object]) -> int:
        """Keep the intent."""
        self.entries.append(Recorded("intend", (job, part, action, dict(detail))))
        self._intents += 1
        self._open.add(self._intents)
        return self._intents

    def settle(self, intent: int, outcome: str, detail: Mapping[str, object]) -> None:
        """Keep the outcome. Raises AssertionError for an intent that is not open."""
        if intent not in self._open:
            raise AssertionError(f"intent {intent} is settled, but it is not open")
        self._open.discard(intent)
        self.entries.append(Recorded("settle", (intent, outcome, dict(detail))))

    def record_state(
        self, job: str, part: int, remote_id: str, state: str, counters: tuple[int, int] = (0, 0)
    ) -> None:
        """Keep the state."""
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
        """Keep the intent, and which rows it hands over.

        Raises:
            HandedOverBeforeError: The test says in `earlier` that another run did.
        """
        if once and any(each.may_have_loaded for each in self.earlier):
            raise HandedOverBeforeError("these rows were handed over before", self.earlier)
        self.entries.append(Recorded("hand over", (job, part, target, tuple(ranges), once)))
        return self.intend(job, part, action, detail)

    def find_hand_overs(
        self, target: Target | None, ranges: Sequence[RowRange], *, longer: bool = False
    ) -> list[HandOver]:
        """What the test says in `earlier`."""
        return self.earlier

    def record_counts(self, job: str, part: int, counts: Counts) -> None:
        """Keep what became of rows."""
        self.entries.append(Recorded("became", (job, part, counts)))

    def record_undo(self, job: str, part: int) -> None:
        """Keep that what rows made is deleted again."""
        self.entries.append(Recorded("took back", (job, part)))

    def has_intents(self) -> bool:
        """Whether there was an intent."""
        return self._intents > 0

    def intended(self, action: str) -> bool:
        """Whether there was an intent of a kind."""
        return any(each.what == "intend" and each.arguments[2] == action for each in self.entries)

    def find_step(self, place: str) -> StepRecord | None:
        """How far an earlier attempt came, if the test says so in `steps`."""
        return self.steps.get(place)

    def find_counts_since(self, job: str, step: StepRecord) -> Counts | None:
        """No command made anything of the job's rows."""
        return None

    def record_step(
        self, place: str, text: str, state: StepState, detail: Mapping[str, object]
    ) -> None:
        """Keep how far a step came, for a test that goes on with the run."""
        self.reached[place] = StepRecord(place, state, dict(detail))

    def decide_once(self, place: str, decide: Callable[[], T]) -> T:
        """Decide once for each place."""
        if place not in self.decisions:
            self.decisions[place] = decide()
        return cast("T", self.decisions[place])

    def find_decision(self, place: str) -> object | None:
        """What an earlier attempt decided; None if it never got there."""
        return self.decisions.get(place)


@define(eq=False)
class RecordingContext:
    """Implements `bulkflow.plugin.Context` without a run behind it.

    Use it as a context manager, or call `close`, to close what the step shared.
    """

    run_directory: Path
    folder: Path
    job: Job | None = None
    environ: Mapping[str, str] = field(factory=dict, repr=False)
    clock: TestClock = Factory(TestClock)
    journal: RecordingJournal = Factory(RecordingJournal)
    failure: BaseException | None = None
    ahead: Sequence[StepAhead] = ()
    run_id: str = "20260101-000000-test"
    org_access: OrgAccess | None = None
    """What `org` returns; without it, the run has no org."""
    org_name: str | None = None
    """What the file calls it."""
    sources: Mapping[str, Source] = Factory(dict)
    """By scheme."""
    events: list[Event] = Factory(list)
    interrupted: bool = False
    """Whether the user asked the run to stop."""
    _shared: dict[str, tuple[Any, Callable[[Any], None]]] = field(factory=dict, repr=False)

    @property
    def notices(self) -> list[str]:
        """The messages of the notices that were emitted."""
        return [event.message for event in self.events if isinstance(event, Notice)]

    def open_org(self) -> OrgAccess:
        """The org that the test gave. Raises `UsageError` where it gave none."""
        if self.org_access is None:
            raise UsageError("the file names no org", help="give the context an `org_access`")
        return self.org_access

    def find_source(self, location: str) -> Source:
        """The source that the test gave for a scheme. Raises `UsageError` for another one."""
        scheme = location.partition("://")[0].lower() if "://" in location else "file"
        if scheme not in self.sources:
            raise UsageError(f"no plugin reads locations that begin with {scheme}://")
        return self.sources[scheme]

    def emit(self, event: Event) -> None:
        """Keep the event."""
        self.events.append(event)

    def format_command(self, verb: str, *options: str, run: str | None = None) -> str:
        """The command line that does something with a run."""
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
        """Let the clock go on; then as `checkpoint`."""
        self.clock.sleep(seconds)
        self.checkpoint()

    def share(self, key: str, make: Callable[[], T], close: Callable[[T], None]) -> T:
        """One thing for the whole context."""
        if key not in self._shared:
            self._shared[key] = (make(), close)
        return cast("T", self._shared[key][0])

    def close(self) -> None:
        """Close what was shared, the last first."""
        while self._shared:
            _, (thing, close) = self._shared.popitem()
            close(thing)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
