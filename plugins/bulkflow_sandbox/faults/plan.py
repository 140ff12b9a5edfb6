"""The pending faults of a sandbox, and the effects of faults so far."""

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
class _ArmedFault:
    fault: Fault
    seen: int = 0
    until: datetime | None = None

    def strikes(self, now: datetime) -> bool:
        """Count a request, and check whether the fault strikes it."""
        self.seen += 1
        if self.seen < self.fault.nth:
            return False
        if self.fault.seconds is not None:
            if self.until is None:
                self.until = now + timedelta(seconds=self.fault.seconds)
            return now < self.until
        return self.fault.times is None or self.seen < self.fault.nth + self.fault.times


@define(eq=False)
class _ArmedJobFault:
    fault: JobFault
    seen: int = 0

    def strikes(self) -> bool:
        """Count a job, and check whether the fault strikes it."""
        self.seen += 1
        past = self.seen - self.fault.nth
        return past >= 0 and (self.fault.times is None or past < self.fault.times)


@frozen
class ProcessingFaults:
    """The faults in the processing of one job."""

    failure: FailJob | None = None
    loss: LoseRows | None = None
    miscount: Miscount | None = None


class FaultPlan:
    """The faults of a sandbox. They can be changed while it runs."""

    def __init__(
        self, clock: SandboxClock, limits: Limits, faults: Iterable[AnyFault] = ()
    ) -> None:
        self._clock = clock
        self._limits = limits
        self._lock = Lock()
        self._armed: list[_ArmedFault] = []
        self._locks: LockRows | None = None
        self._jobs: list[_ArmedJobFault] = []
        self._struck: list[tuple[Endpoint, Effect]] = []
        self.add(*faults)

    def add(self, *faults: AnyFault) -> None:
        """Add all of the faults, or none. They count requests from now on.

        Raises:
            UsageError: A fault is for an unknown limit.
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
                self._armed.append(_ArmedFault(fault))
            case LockRows():
                self._locks = fault
            case FailJob() | LoseRows() | Miscount() | CommitLate():
                self._jobs.append(_ArmedJobFault(fault))
            case SetLimit():
                self._limits.set(fault.name, fault.maximum)
            case _:
                assert_never(fault)

    def clear(self) -> None:
        """Remove all faults. Changed limits stay."""
        with self._lock:
            self._armed.clear()
            self._locks = None
            self._jobs.clear()

    def strike(self, endpoint: Endpoint) -> list[Effect]:
        """Count a request, and return the effects on it in the order of their faults."""
        names = {endpoint, Endpoint.ANY}
        if endpoint in _RESULT_FILES:
            names.add(Endpoint.RESULTS)
        if endpoint is Endpoint.PAGES:
            names.add(Endpoint.QUERY)
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
        """The effects of faults on requests so far, in order."""
        with self._lock:
            return tuple(self._struck)

    def get_row_locks(self) -> LockRows | None:
        """Get the fault that locks rows, if there is one."""
        with self._lock:
            return self._locks

    def take_processing_faults(self) -> ProcessingFaults:
        """Count a job that is about to be processed, and return its faults."""
        with self._lock:
            return ProcessingFaults(self._take(FailJob), self._take(LoseRows), self._take(Miscount))

    def take_late_commit(self) -> CommitLate | None:
        """Count a job that ended while InProgress, and return its late commit if it has one."""
        with self._lock:
            return self._take(CommitLate)

    def _take(self, kind: type[_JobFault]) -> _JobFault | None:
        """Count a job for all faults of a kind, and return the first one that strikes it."""
        striking = [
            armed.fault for armed in self._jobs if isinstance(armed.fault, kind) and armed.strikes()
        ]
        return striking[0] if striking else None
