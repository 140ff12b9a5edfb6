"""The faults that wait to strike, and those that did."""

from __future__ import annotations

from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, TypeVar, assert_never

from attrs import define, frozen

from bulkflow_sandbox.faults.fault import (
    CommitLate,
    Endpoint,
    FailJob,
    Fault,
    LockRows,
    LoseRows,
    Miscount,
    SetLimit,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from bulkflow_sandbox.core.clock import SandboxClock
    from bulkflow_sandbox.core.limits import Limits
    from bulkflow_sandbox.faults.fault import AnyFault, Effect, JobFault

_RESULT_FILES = {Endpoint.SUCCESSES, Endpoint.FAILURES, Endpoint.UNPROCESSED}


_JobFault = TypeVar("_JobFault", FailJob, LoseRows, Miscount, CommitLate)


@define(eq=False)
class _Armed:
    fault: Fault
    seen: int = 0
    over: datetime | None = None

    def strikes(self, now: datetime) -> bool:
        """Counts a request; whether the fault is for it."""
        self.seen += 1
        if self.seen < self.fault.nth:
            return False
        if self.fault.seconds is not None:
            if self.over is None:
                self.over = now + timedelta(seconds=self.fault.seconds)
            return now < self.over
        return self.fault.times is None or self.seen < self.fault.nth + self.fault.times


@define(eq=False)
class _ArmedForJobs:
    fault: JobFault
    seen: int = 0

    def strikes(self) -> bool:
        """Counts a job; whether the fault is for it."""
        self.seen += 1
        past = self.seen - self.fault.nth
        return past >= 0 and (self.fault.times is None or past < self.fault.times)


@frozen
class JobFaults:
    """What goes wrong with the processing of one job."""

    failure: FailJob | None = None
    loss: LoseRows | None = None
    miscount: Miscount | None = None


class FaultPlan:
    """The faults of a sandbox; they may be changed while it serves."""

    def __init__(
        self, clock: SandboxClock, limits: Limits, faults: Iterable[AnyFault] = ()
    ) -> None:
        self._clock = clock
        self._limits = limits
        self._lock = Lock()
        self._armed: list[_Armed] = []
        self._locks: LockRows | None = None
        self._jobs: list[_ArmedForJobs] = []
        self._struck: list[tuple[Endpoint, Effect]] = []
        self.add(*faults)

    def add(self, *faults: AnyFault) -> None:
        """Adds faults, all or none of them; requests are counted for them from now on.

        Raises:
            UsageError: One is of a limit that there is not.
        """
        for fault in faults:
            if isinstance(fault, SetLimit):
                self._limits.check(fault.name)
        with self._lock:
            for fault in faults:
                self._add(fault)

    def _add(self, fault: AnyFault) -> None:
        match fault:
            case Fault():
                self._armed.append(_Armed(fault))
            case LockRows():
                self._locks = fault
            case FailJob() | LoseRows() | Miscount() | CommitLate():
                self._jobs.append(_ArmedForJobs(fault))
            case SetLimit():
                self._limits.set(fault.name, fault.maximum)
            case _:
                assert_never(fault)

    def clear(self) -> None:
        """Removes all faults but the limits that were changed."""
        with self._lock:
            self._armed.clear()
            self._locks = None
            self._jobs.clear()

    def strike(self, endpoint: Endpoint) -> list[Effect]:
        """Counts a request; what goes wrong with it, in the order in which faults were added."""
        names = {endpoint, Endpoint.ANY}
        if endpoint in _RESULT_FILES:
            names.add(Endpoint.RESULTS)
        now = self._clock.now()
        with self._lock:
            effects = [
                armed.fault.effect
                for armed in self._armed
                if armed.fault.endpoint in names and armed.strikes(now)
            ]
            self._struck += [(endpoint, effect) for effect in effects]
            return effects

    @property
    def armed(self) -> bool:
        """Whether there are faults for requests."""
        return bool(self._armed)

    @property
    def struck(self) -> tuple[tuple[Endpoint, Effect], ...]:
        """The effects that faults have had on requests so far, in order."""
        with self._lock:
            return tuple(self._struck)

    def get_row_locks(self) -> LockRows | None:
        """Which rows of a job are locked."""
        with self._lock:
            return self._locks

    def take_job_faults(self) -> JobFaults:
        """Counts a job that is about to be processed; what goes wrong with it."""
        with self._lock:
            return JobFaults(self._next(FailJob), self._next(LoseRows), self._next(Miscount))

    def take_late_commit(self) -> CommitLate | None:
        """Counts a job that ends while a batch is at work; what that batch still does."""
        with self._lock:
            return self._next(CommitLate)

    def _next(self, kind: type[_JobFault]) -> _JobFault | None:
        """Counts a job for all faults of a kind; the first of those that strike it."""
        striking = [
            armed.fault for armed in self._jobs if isinstance(armed.fault, kind) and armed.strikes()
        ]
        return striking[0] if striking else None
