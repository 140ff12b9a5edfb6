"""The jobs that one step waits for."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final, Generic, Self, TypeVar

from attrs import define, field

from bulkflow.errors import StepError
from bulkflow.model.event import Notice, NoticeLevel
from bulkflow_jobs.job_state import JobState
from bulkflow_jobs.tracked_job import PolledJob

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bulkflow.plugin import Context, Job
    from bulkflow_jobs.poll_schedule import PollSchedule

TOGETHER: Final = 0.05
"""Seconds; polls that are due within this time of each other are made together."""

J = TypeVar("J", bound=PolledJob)


def _accept(_: object) -> None:
    """Accept any job."""


@define(eq=False, repr=False)
class Watch(Generic[J]):
    """The jobs that a step waits for, and when each is polled next. For one thread.

    It is a context manager. When it is left, its jobs no longer count in the schedule.

    Attributes:
        schedule: The schedule of the run.
        context: The step's context.
        job: The logical job that the jobs belong to.
        interval: Seconds between two polls of a job; None for pauses that grow.
        check: Called with each unfinished job after a poll; raises if waiting is pointless.
    """

    schedule: PollSchedule
    context: Context
    job: Job
    interval: float | None = None
    check: Callable[[J], None] = _accept
    _due: list[tuple[float, int, J]] = field(factory=list, init=False, repr=False)
    _since: dict[J, float] = field(factory=dict, init=False, repr=False)
    _reported: set[str | None] = field(factory=set, init=False, repr=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.schedule.add(-len(self._since))
        self._since.clear()

    @property
    def unfinished(self) -> list[J]:
        """The jobs that are not known to have finished, by number."""
        return sorted(self._since, key=lambda job: job.number)

    @property
    def is_waiting(self) -> bool:
        """Whether any job is unfinished."""
        return bool(self._since)

    @property
    def next_poll(self) -> float | None:
        """The time of the next poll on the context's monotonic clock; None if none is due."""
        return self._due[0][0] if self._due else None

    def add(self, jobs: Iterable[J]) -> None:
        """Start to wait for some jobs. Their first poll is due immediately."""
        now = self.context.clock.monotonic()
        added = 0
        for job in jobs:
            if job.in_org and not job.is_final:
                self._since[job] = now
                heappush(self._due, (now, job.number, job))
                added += 1
        self.schedule.add(added)

    def take_due(self, now: float, *, take_all: bool = False) -> list[J]:
        """Take the jobs to poll now. Pass each of them to `note_poll` afterwards."""
        taken = []
        while self._due and (take_all or self._due[0][0] <= now + TOGETHER):
            taken.append(heappop(self._due)[2])
        return taken

    def note_poll(self, job: J) -> bool:
        """Schedule the next poll of a job that was just polled; return whether it has finished.

        Raises:
            StepError: `check` found that waiting for it is pointless.
        """
        if not job.in_org or job.is_final:
            del self._since[job]
            self.schedule.add(-1)
            return True
        self.check(job)
        self._warn_if_unknown(job)
        now = self.context.clock.monotonic()
        pause = self.interval
        if pause is None:
            pause = self.schedule.compute_pause(now - self._since[job])
        heappush(self._due, (now + pause, job.number, job))
        return False

    def make_timeout_error(self, spent: float) -> StepError:
        """Make the error for a wait that timed out after so many seconds."""
        resume = self.context.format_command("resume")
        return StepError(
            f"job {self.job.name} was still being processed after {spent:.3g} s",
            help="the job itself has not failed: it continues in the org, and its rows may still "
            f"be processed; `{resume}` waits for it again, `up to 2h` waits longer",
            notes=[f"job {job.id} is {job.state}" for job in self.unfinished],
        )

    def _warn_if_unknown(self, job: J) -> None:
        """Warn once about an unknown state: it may be final, and the wait never end."""
        if job.state in set(JobState) or job.state in self._reported:
            return
        self._reported.add(job.state)
        self.context.emit(
            Notice(
                f"job {job.id} is in the unknown state {job.state}",
                NoticeLevel.WARNING,
                job=self.job.key,
                help="bulkflow waits until the state changes; look at the job in the org",
            )
        )
