"""The threads that parts are worked on by: one set for all jobs of a run, and bounded."""

from __future__ import annotations

from collections import deque
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

from attrs import define, field

from bulkflow.errors import BulkflowError, RunInterruptedError
from bulkflow_ingest.settings import MOST_CONNECTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Future

    from bulkflow.plugin import Context

T = TypeVar("T")

TICK = 0.05
"""Seconds after which a wait for workers looks whether the run is to stop."""


@define(eq=False)
class Lanes:
    """Works on many things side by side, on threads that are shared by all who do so.

    What is worked on must not use the lanes itself.
    """

    _pool: ThreadPoolExecutor = field(
        factory=lambda: ThreadPoolExecutor(MOST_CONNECTIONS, thread_name_prefix="part")
    )

    @classmethod
    def of(cls, context: Context) -> Lanes:
        """The lanes of the run."""
        return context.shared("ingest:lanes", cls, cls.close)

    def close(self) -> None:
        """End the threads, when their work is done."""
        self._pool.shutdown()

    def each(
        self,
        things: Iterable[T],
        act: Callable[[T], None],
        *,
        width: int,
        checkpoint: Callable[[], None],
        whatever_fails: bool = False,
    ) -> None:
        """Act on each thing, on up to `width` of them at a time.

        No more than these are held ready, however many there are. After a failure nothing new
        begins, unless all are to be tried whatever fails; what is under way comes to its end. The
        first failure is raised, and tells of the others. One thing alone is acted on at once, by
        the caller's own thread.
        """
        todo = deque(things)
        if len(todo) == 1:
            act(todo.popleft())
        failures: list[BaseException] = []
        pending: set[Future[None]] = set()
        try:
            while pending or (todo and (whatever_fails or not failures)):
                while todo and len(pending) < width and (whatever_fails or not failures):
                    pending.add(self._pool.submit(act, todo.popleft()))
                done, pending = wait(pending, timeout=TICK, return_when=FIRST_COMPLETED)
                checkpoint()
                failures += [error for each in done if (error := each.exception())]
        finally:
            for future in pending:
                future.cancel()
            wait(pending)
        if failures:
            raise _first_with_others(failures)


def _first_with_others(failures: list[BaseException]) -> BaseException:
    """The failure to raise; the others become notes of it, so that none is lost."""
    first, *others = sorted(failures, key=lambda each: not isinstance(each, RunInterruptedError))
    if isinstance(first, BulkflowError):
        known = {str(first)}
        for other in others:
            if str(other) not in known:
                known.add(str(other))
                first.notes += (f"also: {other}",)
    return first
