"""The threads that work on jobs: one bounded pool for all jobs of a run."""

from __future__ import annotations

from collections.abc import Sized
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Final, TypeVar

from attrs import define, field

from bulkflow.errors import BulkflowError, RunInterruptedError
from bulkflow_jobs.bounds import MAX_CONNECTIONS, MAX_STATUS_REQUESTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from concurrent.futures import Future

    from bulkflow.plugin import Context

T = TypeVar("T")

TICK: Final = 0.05
"""Seconds after which a wait for workers checks whether the run is to stop."""


@define(eq=False, repr=False)
class WorkerPool:
    """Works on many things in parallel, on threads that all jobs of a run share.

    Work on the pool must not submit work to it and wait for that.
    """

    _pool: ThreadPoolExecutor = field(
        factory=lambda: ThreadPoolExecutor(MAX_CONNECTIONS, thread_name_prefix="transfer")
    )
    _short: ThreadPoolExecutor = field(
        factory=lambda: ThreadPoolExecutor(MAX_STATUS_REQUESTS, thread_name_prefix="status")
    )

    @classmethod
    def of(cls, context: Context) -> WorkerPool:
        """Return the pool of the run."""
        return context.share("jobs:worker-pool", cls, cls.close)

    def close(self) -> None:
        """Stop the threads when their work is done."""
        self._pool.shutdown()
        self._short.shutdown()

    def submit(self, act: Callable[[T], object], thing: T) -> Future[object]:
        """Act on a thing as soon as a thread is free."""
        return self._pool.submit(act, thing)

    def submit_short(self, act: Callable[[T], object], thing: T) -> Future[object]:
        """Make a short request about a thing, on threads that no transfer occupies."""
        return self._short.submit(act, thing)

    def run_each(
        self,
        things: Iterable[T],
        act: Callable[[T], object],
        *,
        width: int,
        checkpoint: Callable[[], None],
        try_all: bool = False,
    ) -> None:
        """Act on each thing, on up to `width` of them at a time.

        After a failure nothing new starts, unless `try_all` is set; work in progress finishes. The
        first failure is raised, with the others as its notes. A single thing is handled on the
        caller's thread.

        Args:
            things: What to act on. An iterator is read as workers become free; an error that it
                raises counts as a failure.
            act: The action.
            width: How many run at a time.
            checkpoint: Called while waiting; raises if the run is to stop.
            try_all: Whether to act on the remaining things after a failure.
        """
        if isinstance(things, Sized) and len(things) == 1:
            for thing in things:
                act(thing)
            return
        todo = iter(things)
        failures: list[BaseException] = []
        pending: set[Future[object]] = set()
        has_more = True
        try:
            while pending or has_more:
                while has_more and len(pending) < width:
                    try:
                        pending.add(self._pool.submit(act, next(todo)))
                    except StopIteration:
                        has_more = False
                    except BulkflowError as failure:
                        failures.append(failure)
                        has_more = False
                if not pending:
                    break
                done, pending = wait(pending, timeout=TICK, return_when=FIRST_COMPLETED)
                checkpoint()
                failures += [error for each in done if (error := each.exception())]
                has_more = has_more and (try_all or not failures)
        finally:
            for future in pending:
                future.cancel()
            wait(pending)
        if failures:
            raise combine_failures(failures)


def combine_failures(failures: Sequence[BaseException]) -> BaseException:
    """Choose the failure to raise, and add the others to its notes."""
    first, *others = sorted(failures, key=lambda each: not isinstance(each, RunInterruptedError))
    if isinstance(first, BulkflowError):
        known = {str(first)}
        for other in others:
            if str(other) not in known:
                known.add(str(other))
                first.notes += (f"also: {other}",)
    return first
