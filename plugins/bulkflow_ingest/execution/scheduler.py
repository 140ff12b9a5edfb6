"""Moves each part of a job to its end as fast as possible, whatever the other parts do.

A part is uploaded and closed, polled until it has finished, and the results that later steps need
are fetched. All of this runs in parallel; the caller's thread submits the work and waits.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, wait
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final

from attrs import define, field, frozen

from bulkflow.errors import RunInterruptedError, StepError
from bulkflow_jobs.bounds import MAX_STATUS_REQUESTS
from bulkflow_jobs.worker_pool import TICK, WorkerPool, combine_failures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bulkflow.plugin import Context
    from bulkflow_ingest.api.result_kind import ResultKind
    from bulkflow_ingest.parts.job_parts import JobParts
    from bulkflow_ingest.parts.part_job import PartJob
    from bulkflow_jobs.watch import Watch

_MAX_SUBMITTED_POLLS: Final = 2 * MAX_STATUS_REQUESTS
"""Enough that no thread waits for its next poll."""


@frozen
class PartActions:
    """What is done with a part. `send`, `poll` and `fetch` run on threads of the run.

    Attributes:
        send: Uploads it and closes it.
        poll: Reads its status from the org.
        find_wanted: Returns the kinds of results to fetch when it has finished.
        fetch: Fetches one of them.
        on_all_sent: Called once, when the last part was sent.
    """

    send: Callable[[PartJob], None]
    poll: Callable[[PartJob], None]
    find_wanted: Callable[[PartJob], Sequence[ResultKind]]
    fetch: Callable[[tuple[PartJob, ResultKind]], None]
    on_all_sent: Callable[[], None]


@define(eq=False, repr=False)
class PartScheduler:
    """Runs the actions of some parts of a job. It is used once.

    Attributes:
        context: The step's context.
        parts: The job.
        actions: What is done with each part.
        watch: The parts that are waited for.
        timeout: Seconds until the wait times out; None for never.
    """

    context: Context
    parts: JobParts
    actions: PartActions
    watch: Watch[PartJob]
    timeout: float | None = None
    _unsent: deque[PartJob] = field(factory=deque, init=False)
    _due: deque[PartJob] = field(factory=deque, init=False)
    _unfetched: deque[tuple[PartJob, ResultKind]] = field(factory=deque, init=False)
    _sending: dict[Future[object], PartJob] = field(factory=dict, init=False)
    _polling: dict[Future[object], PartJob] = field(factory=dict, init=False)
    _fetching: set[Future[object]] = field(factory=set, init=False)
    _completed: SimpleQueue[Future[object]] = field(factory=SimpleQueue, init=False)
    """Work that has ended and was not handled yet."""
    _failures: list[BaseException] = field(factory=list, init=False)
    _stop: RunInterruptedError | None = field(default=None, init=False)
    _began: float = field(default=0.0, init=False)
    _is_last_poll: bool = field(default=False, init=False)
    """Whether the wait has timed out, and a last poll of every part was started."""

    def run(self, unsent: Sequence[PartJob], awaited: Sequence[PartJob]) -> None:
        """Run until all parts have finished and all wanted results are fetched.

        After a failure nothing new starts, and work in progress finishes. The first failure is
        raised, with the others as its notes. It is the same when the run is to stop, unless nothing
        is left to do by then.

        Args:
            unsent: Parts to send and wait for.
            awaited: Parts to wait for only.

        Raises:
            StepError: The wait timed out. The jobs continue in the org, and the error names them.
        """
        self._began = self.context.clock.monotonic()
        self._unsent.extend(unsent)
        self._queue_results(awaited)
        self.watch.add(awaited)
        if not unsent:
            self.actions.on_all_sent()
        try:
            while self._is_busy or (self._has_work_left and not self._is_ending):
                if not self._is_ending:
                    self._submit_work()
                self._handle_completed()
        finally:
            pending = [*self._sending, *self._polling, *self._fetching]
            for future in pending:
                future.cancel()
            wait(pending)
        if self._failures:
            raise combine_failures(self._failures)
        if self._stop is not None and self._has_work_left:
            raise self._stop

    @property
    def _has_work_left(self) -> bool:
        return bool(self._unsent or self._unfetched or self.watch.is_waiting)

    @property
    def _is_ending(self) -> bool:
        """Whether nothing new may start."""
        return bool(self._failures) or self._stop is not None

    @property
    def _is_busy(self) -> bool:
        """Whether any work is in progress."""
        return bool(self._sending or self._polling or self._fetching)

    def _submit_work(self) -> None:
        """Start what can start. Uploads come before fetches, but one fetch always runs."""
        try:
            self.context.checkpoint()
        except RunInterruptedError as stop:
            self._stop = stop
            return
        pool, width = WorkerPool.of(self.context), self.parts.settings.connections
        while self._unsent and len(self._sending) < width:
            part = self._unsent.popleft()
            self._sending[self._track(pool.submit(self.actions.send, part))] = part
        room = max(1, width - len(self._sending))
        while self._unfetched and len(self._fetching) < room:
            wanted = self._unfetched.popleft()
            self._fetching.add(self._track(pool.submit(self.actions.fetch, wanted)))
        now = self.context.clock.monotonic()
        timed_out = self.timeout is not None and now - self._began >= self.timeout
        polled_last = self._is_last_poll and not self._polling and not self._due
        # Results of finished parts may still be fetched after the timeout.
        if timed_out and polled_last and self.watch.is_waiting:
            raise self.watch.make_timeout_error(now - self._began)
        if not self._is_last_poll:
            self._due.extend(self.watch.take_due(now, take_all=timed_out))
        self._is_last_poll = timed_out
        while self._due and len(self._polling) < _MAX_SUBMITTED_POLLS:
            part = self._due.popleft()
            self._polling[self._track(pool.submit_short(self.actions.poll, part))] = part

    def _track(self, future: Future[object]) -> Future[object]:
        future.add_done_callback(self._completed.put)
        return future

    def _handle_completed(self) -> None:
        """Wait until some work ends or a poll is due, and handle the work that ended."""
        if not self._is_busy:
            if not self._is_ending:
                self.context.sleep(self._compute_idle_time())
            return
        polled = False
        timeout = TICK if self._is_ending else min(TICK, self._compute_idle_time())
        for future in self._iter_completed(timeout):
            failure = future.exception()
            if failure is not None:
                self._failures.append(failure)
            if future in self._sending:
                self._after_send(self._sending.pop(future), failure)
            elif future in self._polling:
                polled = True
                self._after_poll(self._polling.pop(future), failure)
            else:
                self._fetching.discard(future)
        if polled and not self._polling:
            self.parts.report_progress(self.context, now=True)

    def _iter_completed(self, timeout: float) -> Iterator[Future[object]]:
        """Yield the work that has ended; wait for the first one for up to so many seconds."""
        try:
            yield self._completed.get(timeout=timeout)
            while True:
                yield self._completed.get_nowait()
        except Empty:
            return

    def _compute_idle_time(self) -> float:
        """Return the seconds until a poll is due or the wait times out; a tick if neither is."""
        now = self.context.clock.monotonic()
        moments = [] if self.watch.next_poll is None else [self.watch.next_poll]
        if self.timeout is not None and not self._is_last_poll:
            moments.append(self._began + self.timeout)
        return max(0.0, min(moments) - now) if moments else TICK

    def _after_send(self, part: PartJob, failure: BaseException | None) -> None:
        if failure is None:
            self.watch.add([part])
            self._queue_results([part])
        if not self._unsent and not self._sending and not self._is_ending:
            self.actions.on_all_sent()

    def _after_poll(self, part: PartJob, failure: BaseException | None) -> None:
        try:
            if failure is None and self.watch.note_poll(part):
                self._queue_results([part])
        except StepError as error:
            self._failures.append(error)

    def _queue_results(self, parts: Sequence[PartJob]) -> None:
        for part in parts:
            if part.in_org and part.is_final:
                self._unfetched.extend((part, kind) for kind in self.actions.find_wanted(part))
