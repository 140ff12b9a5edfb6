"""When the org is asked how jobs are: seldom, and yet soon after they end."""

from __future__ import annotations

from heapq import heappop, heappush
from random import random
from threading import Lock
from typing import TYPE_CHECKING, Self

from attrs import define, field

from bulkflow.errors import StepError
from bulkflow.model.event import Notice, NoticeLevel
from bulkflow_ingest.api.job_info import JobState
from bulkflow_ingest.execution.patience import patience_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bulkflow.plugin import Context
    from bulkflow_ingest.parts.job_parts import JobParts
    from bulkflow_ingest.parts.part_job import PartJob

FIRST_PAUSE = 0.25
"""Seconds before the second look."""
LONGEST_PAUSE = 20.0
"""Seconds; every call counts against the org's daily limit."""
SHARE = 0.1
"""A pause is this share of the time that was waited already: so late an end is noticed at most."""
CALLS_PER_SECOND = 20.0
"""Of all waits of a run together, once the first looks are over."""
JITTER = 0.1
"""Pauses are longer or shorter by up to this share, so that many runs do not ask in step."""
TOGETHER = 0.05
"""Seconds; looks that are due within this time of each other are made together."""


@define(eq=False, repr=False)
class Schedule:
    """How often the org is asked: one for all waits of a run, so that they share its calls."""

    chance: Callable[[], float] = random
    """A number from 0 to 1, another at each call."""
    _waiting: int = field(default=0, init=False)
    _lock: Lock = field(factory=Lock, init=False, repr=False)

    @classmethod
    def of(cls, context: Context) -> Schedule:
        """That of the run."""
        return context.share("ingest:schedule", cls, lambda _: None)

    def watch(self, context: Context, parts: JobParts, interval: float | None = None) -> Watch:
        """What one step waits for.

        Args:
            context: The step's.
            parts: The job whose parts they are.
            interval: Seconds between two looks; None for pauses that grow with the wait.
        """
        return Watch(self, context, parts, interval)

    def pause(self, waited: float) -> float:
        """Seconds until the next look at a part that was waited for since `waited` seconds."""
        usual = min(LONGEST_PAUSE, max(FIRST_PAUSE, SHARE * waited))
        fair = max(usual, self._waiting / CALLS_PER_SECOND)
        return fair * (1 + JITTER * (2 * self.chance() - 1))

    def add(self, parts: int) -> None:
        """So many parts more are waited for; fewer, if it is negative."""
        with self._lock:
            self._waiting += parts


@define(eq=False, repr=False)
class Watch:
    """The parts that a step waits for, and when each is looked at next. For one thread.

    A context manager: whatever is waited for no longer counts in the schedule when it is left.
    """

    _schedule: Schedule
    _context: Context
    _parts: JobParts
    _interval: float | None
    _due: list[tuple[float, int, PartJob]] = field(factory=list, init=False, repr=False)
    _since: dict[PartJob, float] = field(factory=dict, init=False, repr=False)
    _strange: set[str | None] = field(factory=set, init=False, repr=False)
    _open: dict[PartJob, float] = field(factory=dict, init=False, repr=False)
    """Since when closed jobs are told as Open without a break."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._schedule.add(-len(self._since))
        self._since.clear()

    @property
    def awaited(self) -> list[PartJob]:
        """The parts that are not known to be at an end, in their order."""
        return sorted(self._since, key=lambda part: part.number)

    @property
    def is_waiting(self) -> bool:
        """Whether there are any."""
        return bool(self._since)

    @property
    def following(self) -> float | None:
        """The moment of the next look, on the context's clock; None if none is due."""
        return self._due[0][0] if self._due else None

    def add(self, parts: Iterable[PartJob]) -> None:
        """Wait for some parts from now on; the first look at each is due at once."""
        now = self._context.clock.monotonic()
        added = 0
        for part in parts:
            if part.in_org and not part.is_final:
                self._since[part] = now
                heappush(self._due, (now, part.number, part))
                added += 1
        self._schedule.add(added)

    def take(self, now: float, *, all_of_them: bool = False) -> list[PartJob]:
        """The parts to look at now; each is to be handed to `looked` afterwards."""
        taken = []
        while self._due and (all_of_them or self._due[0][0] <= now + TOGETHER):
            taken.append(heappop(self._due)[2])
        return taken

    def looked(self, part: PartJob) -> bool:
        """A part was looked at; whether it is at an end, so that nothing more is due.

        Raises:
            StepError: it was never closed: Salesforce begins nothing before, so it has no end; or
                it was, and is told as Open for longer than a look can be behind.
        """
        if not part.in_org or part.is_final:
            del self._since[part]
            self._schedule.add(-1)
            return True
        if not part.handed_over:
            raise StepError(
                "Salesforce does not process a job before it is closed",
                help="close it first: `close job NAME`",
                notes=[f"job {part.id} is {part.state}"],
            )
        self._warn_of_unknown(part)
        now = self._context.clock.monotonic()
        self._refuse_open(part, now)
        pause = self._interval
        if pause is None:
            pause = self._schedule.pause(now - self._since[part])
        heappush(self._due, (now + pause, part.number, part))
        return False

    def _refuse_open(self, part: PartJob, now: float) -> None:
        """Wait out looks that are behind a close, and not for ever."""
        if part.last_state != JobState.OPEN:
            self._open.pop(part, None)
            return
        spent = now - self._open.setdefault(part, now)
        if spent < patience_of(self._context, self._parts.settings):
            return
        raise StepError(
            f"job {part.id} was closed, and the org calls it Open since {spent:.0f} s",
            help="its rows may still be loaded, so they are not sent again; look at the job in the "
            f"org; `{self._context.format_command('resume')}` waits for it, "
            f"`{self._context.format_command('abort')}` gives it up",
        )

    def too_late(self, spent: float) -> StepError:
        """The error for a wait of so many seconds that is given up; the jobs go on in the org."""
        return StepError(
            f"job {self._parts.job.name} is not processed after {spent:.3g} s",
            help="the job did not fail: it continues in the org, and its rows may still be loaded; "
            f"`{self._context.format_command('resume')}` waits for it again, "
            "`up to 2h` waits longer",
            notes=[f"job {part.id} is {part.state}" for part in self.awaited],
        )

    def _warn_of_unknown(self, part: PartJob) -> None:
        """A state that is not known may be a last one; say so once, as the wait may never end."""
        if part.state in set(JobState) or part.state in self._strange:
            return
        self._strange.add(part.state)
        self._context.emit(
            Notice(
                f"job {part.id} is in the state {part.state}, which is not known here",
                NoticeLevel.WARNING,
                job=self._parts.job.key,
                help="it is waited for as long as it lasts; look at the job in the org",
            )
        )
