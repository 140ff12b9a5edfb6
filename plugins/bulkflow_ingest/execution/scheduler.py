"""Takes the parts of a job on, each as soon as it can go on, whatever the others are at.

A part is sent and closed, looked at until it is at an end, and those of its results are fetched
that are needed later. All of this goes on side by side; the caller's thread hands it out and waits.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, wait
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final

from attrs import define, field, frozen

from bulkflow.errors import RunInterruptedError, StepError
from bulkflow_ingest.settings import SHORT_CALLS
from bulkflow_ingest.worker_pool import TICK, Lanes, first_with_others

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bulkflow.plugin import Context
    from bulkflow_ingest.api.client import ResultFile
    from bulkflow_ingest.execution.poller import Watch
    from bulkflow_ingest.parts.job_parts import JobParts
    from bulkflow_ingest.parts.part_job import PartJob

_LOOKS: Final = 2 * SHORT_CALLS
"""Looks that are handed out at a time: so many that no thread waits for the next."""


@frozen
class Stations:
    """What is done with a part on its way; all but `sent` and `wanted` on threads of the run.

    Attributes:
        send: Upload it and close it.
        look: Ask the org how it is.
        wanted: Which of its results are to be fetched once it is at an end.
        fetch: Fetch one of them.
        sent: Called once, when the last part is sent.
    """

    send: Callable[[PartJob], None]
    look: Callable[[PartJob], None]
    wanted: Callable[[PartJob], Sequence[ResultFile]]
    fetch: Callable[[tuple[PartJob, ResultFile]], None]
    sent: Callable[[], None]


@define(eq=False, repr=False)
class Conveyor:
    """One trip of some parts of a job."""

    context: Context
    parts: JobParts
    stations: Stations
    watch: Watch
    timeout: float | None = None
    """Seconds after which nothing is waited for any more; None for never."""
    _unsent: deque[PartJob] = field(factory=deque, init=False)
    _due: deque[PartJob] = field(factory=deque, init=False)
    _unfetched: deque[tuple[PartJob, ResultFile]] = field(factory=deque, init=False)
    _sending: dict[Future[object], PartJob] = field(factory=dict, init=False)
    _looking: dict[Future[object], PartJob] = field(factory=dict, init=False)
    _fetching: set[Future[object]] = field(factory=set, init=False)
    _ended: SimpleQueue[Future[object]] = field(factory=SimpleQueue, init=False)
    """What came to its end and was not taken on yet."""
    _failures: list[BaseException] = field(factory=list, init=False)
    _stop: RunInterruptedError | None = field(default=None, init=False)
    _began: float = field(default=0.0, init=False)
    _last: bool = field(default=False, init=False)
    """Whether the time is up, and a last look at every part was begun."""

    def run(self, unsent: Sequence[PartJob], awaited: Sequence[PartJob]) -> None:
        """Take parts to their end; returns when all are there, and all that is wanted is here.

        After a failure nothing new begins; what is under way comes to its end. The first failure is
        raised, and tells of the others. The same when the run is to stop, unless nothing is left to
        do then.

        Args:
            unsent: Parts to send and to wait for.
            awaited: Parts that only are to be waited for.

        Raises:
            StepError: the time is up; the jobs go on in the org, and the message names them.
        """
        self._began = self.context.clock.monotonic()
        self._unsent.extend(unsent)
        self._want(awaited)
        self.watch.add(awaited)
        if not unsent:
            self.stations.sent()
        try:
            while self._is_busy or (self._is_left and not self._is_ending):
                if not self._is_ending:
                    self._hand_out()
                self._collect()
        finally:
            pending = [*self._sending, *self._looking, *self._fetching]
            for future in pending:
                future.cancel()
            wait(pending)
        if self._failures:
            raise first_with_others(self._failures)
        if self._stop is not None and self._is_left:
            raise self._stop

    @property
    def _is_left(self) -> bool:
        return bool(self._unsent or self._unfetched or self.watch.is_waiting)

    @property
    def _is_ending(self) -> bool:
        """Whether nothing new begins."""
        return bool(self._failures) or self._stop is not None

    @property
    def _is_busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self._sending or self._looking or self._fetching)

    def _hand_out(self) -> None:
        """Begin what can begin: an upload before a fetch, and one fetch even so."""
        try:
            self.context.checkpoint()
        except RunInterruptedError as stop:
            self._stop = stop
            return
        lanes, width = Lanes.of(self.context), self.parts.settings.connections
        while self._unsent and len(self._sending) < width:
            part = self._unsent.popleft()
            self._sending[self._begun(lanes.begin(self.stations.send, part))] = part
        room = max(1, width - len(self._sending))
        while self._unfetched and len(self._fetching) < room:
            part, which = self._unfetched.popleft()
            self._fetching.add(self._begun(lanes.begin(self.stations.fetch, (part, which))))
        now = self.context.clock.monotonic()
        up = self.timeout is not None and now - self._began >= self.timeout
        looked = self._last and not self._looking and not self._due
        # What is at its end may still be fetched.
        if up and looked and self.watch.is_waiting:
            raise self.watch.too_late(now - self._began)
        if not self._last:
            self._due.extend(self.watch.take(now, all_of_them=up))
        self._last = up
        while self._due and len(self._looking) < _LOOKS:
            part = self._due.popleft()
            self._looking[self._begun(lanes.begin_short(self.stations.look, part))] = part

    def _begun(self, future: Future[object]) -> Future[object]:
        future.add_done_callback(self._ended.put)
        return future

    def _collect(self) -> None:
        """Wait until something comes to its end, or a look is due, and take it on."""
        if not self._is_busy:
            if not self._is_ending:
                self.context.sleep(self._idle())
            return
        looked = False
        for future in self._all_ended(TICK if self._is_ending else min(TICK, self._idle())):
            failure = future.exception()
            if failure is not None:
                self._failures.append(failure)
            if future in self._sending:
                self._after_sending(self._sending.pop(future), failure)
            elif future in self._looking:
                looked = True
                self._after_looking(self._looking.pop(future), failure)
            else:
                self._fetching.discard(future)
        if looked and not self._looking:
            self.parts.report_progress(self.context, now=True)

    def _all_ended(self, timeout: float) -> Iterator[Future[object]]:
        """What has come to its end, if need be after a wait of up to so many seconds."""
        try:
            yield self._ended.get(timeout=timeout)
            while True:
                yield self._ended.get_nowait()
        except Empty:
            return

    def _idle(self) -> float:
        """Seconds until a look is due, or the time is up; a tick if neither is known."""
        now = self.context.clock.monotonic()
        moments = [] if self.watch.following is None else [self.watch.following]
        if self.timeout is not None and not self._last:
            moments.append(self._began + self.timeout)
        return max(0.0, min(moments) - now) if moments else TICK

    def _after_sending(self, part: PartJob, failure: BaseException | None) -> None:
        if failure is None:
            self.watch.add([part])
            self._want([part])
        if not self._unsent and not self._sending and not self._is_ending:
            self.stations.sent()

    def _after_looking(self, part: PartJob, failure: BaseException | None) -> None:
        try:
            if failure is None and self.watch.looked(part):
                self._want([part])
        except StepError as error:
            self._failures.append(error)

    def _want(self, parts: Sequence[PartJob]) -> None:
        for part in parts:
            if part.in_org and part.is_final:
                self._unfetched.extend((part, which) for which in self.stations.wanted(part))
