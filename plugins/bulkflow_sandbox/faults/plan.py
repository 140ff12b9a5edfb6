"""The faults that wait to strike, and those that did."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, assert_never

from attrs import define, evolve

from bulkflow_sandbox.faults.fault import Endpoint, FailJob, Fault, LockRows, SetLimit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bulkflow_sandbox.faults.fault import AnyFault, Effect
    from bulkflow_sandbox.limits import Limits

_RESULT_FILES = {Endpoint.SUCCESSES, Endpoint.FAILURES, Endpoint.UNPROCESSED}


@define(eq=False)
class _Armed:
    fault: Fault
    seen: int = 0

    def strikes(self) -> bool:
        """Counts a request; whether the fault is for it."""
        self.seen += 1
        past = self.seen - self.fault.nth
        return past >= 0 and (self.fault.times is None or past < self.fault.times)


class FaultPlan:
    """The faults of a sandbox; they may be changed while it serves."""

    def __init__(self, limits: Limits, faults: Iterable[AnyFault] = ()) -> None:
        self._limits = limits
        self._lock = Lock()
        self._armed: list[_Armed] = []
        self._locks: LockRows | None = None
        self._failure: FailJob | None = None
        self._struck: list[tuple[Endpoint, Effect]] = []
        for fault in faults:
            self.add(fault)

    def add(self, fault: AnyFault) -> None:
        """Adds a fault; requests are counted for it from now on."""
        with self._lock:
            match fault:
                case Fault():
                    self._armed.append(_Armed(fault))
                case LockRows():
                    self._locks = fault
                case FailJob():
                    self._failure = fault
                case SetLimit():
                    self._limits.set(fault.name, fault.maximum)
                case _:
                    assert_never(fault)

    def clear(self) -> None:
        """Removes all faults but the limits that were changed."""
        with self._lock:
            self._armed.clear()
            self._locks = None
            self._failure = None

    def effects(self, endpoint: Endpoint) -> list[Effect]:
        """Counts a request; what goes wrong with it, in the order in which faults were added."""
        names = {endpoint, Endpoint.ANY}
        if endpoint in _RESULT_FILES:
            names.add(Endpoint.RESULTS)
        with self._lock:
            effects = [
                armed.fault.effect
                for armed in self._armed
                if armed.fault.endpoint in names and armed.strikes()
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

    def row_locks(self) -> LockRows | None:
        """Which rows of a job are locked."""
        with self._lock:
            return self._locks

    def job_failure(self) -> FailJob | None:
        """Takes the failure that the next job meets, if there is one."""
        with self._lock:
            failure = self._failure
            if failure is None:
                return None
            if failure.times is not None:
                left = failure.times - 1
                self._failure = evolve(failure, times=left) if left > 0 else None
            return failure
