"""The threads that parts are worked on by: one set for all jobs of a run, and bounded."""

from __future__ import annotations

from collections.abc import Sized
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

from attrs import define, field

from bulkflow.errors import BulkflowError, RunInterruptedError
from bulkflow_ingest.settings import MOST_CONNECTIONS, SHORT_CALLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from concurrent.futures import Future

    from bulkflow.plugin import Context

T = TypeVar("T")

TICK = 0.05
"""Seconds after which a wait for workers looks whether the run is to stop."""


@define(eq=False, repr=False)
class Lanes:
    """Works on many things side by side, on threads that are shared by all who do so.

    What is worked on must not use the lanes itself.
    """

    _pool: ThreadPoolExecutor = field(
        factory=lambda: ThreadPoolExecutor(MOST_CONNECTIONS, thread_name_prefix="part")
    )
    _short: ThreadPoolExecutor = field(
        factory=lambda: ThreadPoolExecutor(SHORT_CALLS, thread_name_prefix="look")
    )

    @classmethod
    def of(cls, context: Context) -> Lanes:
        """The lanes of the run."""
        return context.share("ingest:lanes", cls, cls.close)

    def close(self) -> None:
        """End the threads, when their work is done."""
        self._pool.shutdown()
        self._short.shutdown()

    def begin(self, act: Callable[[T], object], thing: T) -> Future[object]:
        """Act on a thing as soon as a thread is free."""
        return self._pool.submit(act, thing)

    def begin_short(self, act: Callable[[T], object], thing: T) -> Future[object]:
        """Make a short call about a thing, on threads that no upload or download holds."""
        return self._short.submit(act, thing)

    def each(
        self,
        things: Iterable[T],
        act: Callable[[T], object],
        *,
        width: int,
        checkpoint: Callable[[], None],
        whatever_fails: bool = False,
    ) -> None:
        """Act on each thing, on up to `width` of them at a time.

        No more than these are held ready, however many there are. After a failure nothing new
        begins, unless all are to be tried whatever fails; what is under way comes to its end. The
        first failure is raised, and tells of the others. One thing alone is acted on at once, by
        the caller's own thread. Things may be an iterator: the next one is asked for when there is
        room for it, and that it fails is a failure like the others.
        """
        if isinstance(things, Sized) and len(things) == 1:
            for thing in things:
                act(thing)
            return
        todo = iter(things)
        failures: list[BaseException] = []
        pending: set[Future[object]] = set()
        going_on = True
        try:
            while pending or going_on:
                while going_on and len(pending) < width:
                    try:
                        pending.add(self._pool.submit(act, next(todo)))
                    except StopIteration:
                        going_on = False
                    except BulkflowError as failure:
                        failures.append(failure)
                        going_on = False
                if not pending:
                    break
                done, pending = wait(pending, timeout=TICK, return_when=FIRST_COMPLETED)
                checkpoint()
                failures += [error for each in done if (error := each.exception())]
                going_on = going_on and (whatever_fails or not failures)
        finally:
            for future in pending:
                future.cancel()
            wait(pending)
        if failures:
            raise first_with_others(failures)


def first_with_others(failures: Sequence[BaseException]) -> BaseException:
    """The failure to raise; the others become notes of it, so that none is lost."""
    first, *others = sorted(failures, key=lambda each: not isinstance(each, RunInterruptedError))
    if isinstance(first, BulkflowError):
        known = {str(first)}
        for other in others:
            if str(other) not in known:
                known.add(str(other))
                first.notes += (f"also: {other}",)
    return first
