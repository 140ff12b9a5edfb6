"""The thread that works on closed jobs, a little of each in turn, at the speed that is set."""

from __future__ import annotations

import logging
import math
from collections import deque
from threading import Condition, Thread
from typing import TYPE_CHECKING, Final, Protocol

from attrs import define

from bulkflow_sandbox.jobs.processing_speed import Immediately, JobSnapshot

if TYPE_CHECKING:
    from datetime import datetime

    from bulkflow_sandbox.core.clock import SandboxClock
    from bulkflow_sandbox.jobs.processing_speed import Allowance, ProcessingSpeed

_LOG: Final = logging.getLogger(__name__)

TURN_ROWS: Final = 2000
"""Most rows of one turn: a request that changes a job waits for at most one turn."""


class Task(Protocol):
    """The work on one job. Each call is one transaction, so the job can be seen between them.

    A call returns `False` when the job is no longer there to be worked on: it was aborted,
    deleted or failed.
    """

    @property
    def job_id(self) -> str:
        """The job's id of 18 characters."""

    @property
    def rows_done(self) -> int:
        """The rows that were processed so far."""

    @property
    def rows_left(self) -> bool:
        """Whether there may be more rows."""

    def start(self) -> bool:
        """Moves the job to InProgress."""

    def work(self, rows: int) -> bool:
        """Processes at most that many more rows."""

    def finish(self) -> None:
        """Moves the job to its final state."""

    def fail(self, problem: Exception) -> None:
        """Moves the job to Failed because of a fault of the sandbox itself."""

    def close(self) -> None:
        """Closes the task's files."""


@define(eq=False)
class _Turn:
    task: Task
    closed: datetime
    speed: ProcessingSpeed | None = None
    polls: int = 0
    started: bool = False


class Worker:
    """Works on jobs until it is closed.

    Args:
        clock: The time that the speed goes by.
        speed: How fast; may be changed at any moment with `set_speed`.
    """

    def __init__(self, clock: SandboxClock, speed: ProcessingSpeed) -> None:
        self._clock = clock
        self._speed = speed
        self._condition = Condition()
        self._turns: deque[_Turn] = deque()
        self._busy: _Turn | None = None
        self._closing = False
        self._thread = Thread(target=self._run, name="bulkflow-sandbox-worker", daemon=True)
        clock.watch(self._condition)
        self._thread.start()

    @property
    def speed(self) -> ProcessingSpeed:
        """How fast jobs are processed."""
        return self._speed

    def set_speed(self, speed: ProcessingSpeed) -> None:
        """Changes how fast jobs are processed, also for those under way."""
        with self._condition:
            self._speed = speed
            self._condition.notify_all()

    def add(
        self,
        task: Task,
        closed: datetime,
        *,
        speed: ProcessingSpeed | None = None,
        started: bool = False,
    ) -> None:
        """Takes on a job that was closed at a moment, at a speed of its own where one is given."""
        with self._condition:
            self._turns.append(_Turn(task, closed, speed, started=started))
            self._condition.notify_all()

    def hurry(self) -> None:
        """Lets the work that has a speed of its own go on at once, and waits until it is done."""
        with self._condition:
            hurried = [turn for turn in self._turns if turn.speed is not None]
            for turn in hurried:
                turn.speed = Immediately()
            self._condition.notify_all()
            self._condition.wait_for(
                lambda: (
                    self._closing
                    or not any(turn is self._busy or turn in self._turns for turn in hurried)
                )
            )

    def count_poll(self, job_id: str, *, own_speed: bool = False) -> None:
        """Counts a look at a job, and waits for what the speed allows because of it.

        Args:
            job_id: The job.
            own_speed: Whether the look is for the work that has a speed of its own.
        """
        with self._condition:
            turn = self._find(job_id, own_speed=own_speed)
            if turn is None:
                return
            seconds = self._seconds(turn)
            before = self._allowance(turn, seconds)
            turn.polls += 1
            if self._allowance(turn, seconds) == before:
                return
            self._condition.notify_all()
            self._condition.wait_for(
                lambda: self._closing or (self._busy is not turn and not self._can_go_on(turn))
            )

    def settle(self, timeout: float | None = None) -> bool:
        """Waits until everything is done that the speed allows now.

        Args:
            timeout: Most seconds of the machine's time to wait.

        Returns:
            Whether it came to that within the time.
        """
        with self._condition:
            return self._condition.wait_for(
                lambda: self._busy is None and not any(map(self._can_go_on, self._turns)),
                timeout,
            )

    def drop(self, job_id: str) -> Task | None:
        """Lets go of a job, after the turn under way if that is its own.

        Returns:
            Its task, for the caller to close; `None` when nobody works on the job.
        """
        with self._condition:
            self._condition.wait_for(lambda: self._busy is None or self._busy.task.job_id != job_id)
            turn = next((turn for turn in self._turns if turn.task.job_id == job_id), None)
            if turn is None:
                return None
            self._turns.remove(turn)
            self._condition.notify_all()
            return turn.task

    def close(self) -> None:
        """Stops after the turn under way; unfinished jobs stay as they are."""
        with self._condition:
            self._closing = True
            self._condition.notify_all()
        self._thread.join()
        for turn in self._turns:
            self._close(turn.task)
        self._turns.clear()

    @staticmethod
    def _close(task: Task) -> None:
        try:
            task.close()
        except OSError:
            _LOG.exception("the files of job %s could not be closed", task.job_id)

    def _find(self, job_id: str, *, own_speed: bool) -> _Turn | None:
        turns = [*self._turns] if self._busy is None else [self._busy, *self._turns]
        return next(
            (
                turn
                for turn in turns
                if turn.task.job_id == job_id and (turn.speed is not None) is own_speed
            ),
            None,
        )

    def _seconds(self, turn: _Turn) -> float:
        return (self._clock.now() - turn.closed).total_seconds()

    def _allowance(self, turn: _Turn, seconds: float | None = None) -> Allowance:
        seconds = self._seconds(turn) if seconds is None else seconds
        speed = turn.speed or self._speed
        return speed.allow(JobSnapshot(seconds, turn.polls, turn.task.rows_done))

    def _can_go_on(self, turn: _Turn) -> bool:
        if turn not in self._turns and turn is not self._busy:
            return False
        allowed = self._allowance(turn)
        if not turn.started:
            return allowed.start
        return allowed.rows >= 1 if turn.task.rows_left else allowed.finish

    def _run(self) -> None:
        while True:
            with self._condition:
                self._condition.notify_all()
                if self._closing:
                    return
                turn = next(filter(self._can_go_on, self._turns), None)
                if turn is None:
                    self._clock.wait(self._condition, self._pause())
                    continue
                self._turns.remove(turn)
                self._busy = turn
                rows = self._allowance(turn).rows
            goes_on = self._take(turn, TURN_ROWS if rows == math.inf else int(rows))
            if not goes_on:
                self._close(turn.task)
            with self._condition:
                if goes_on:
                    self._turns.append(turn)
                self._busy = None

    def _pause(self) -> float | None:
        pauses = [self._allowance(turn).again for turn in self._turns]
        return min((pause for pause in pauses if pause is not None), default=None)

    def _take(self, turn: _Turn, rows: int) -> bool:
        task = turn.task
        try:
            if not turn.started:
                turn.started = True
                return task.start()
            if task.rows_left:
                return task.work(min(rows, TURN_ROWS))
            task.finish()
        except Exception as problem:  # noqa: BLE001 - one job's fault must not end all others
            _LOG.exception("the sandbox could not process job %s", task.job_id)
            self._end(task, problem)
        return False

    @staticmethod
    def _end(task: Task, problem: Exception) -> None:
        try:
            task.fail(problem)
        except Exception:  # noqa: BLE001 - as above
            # What kept the job from its work, such as a full disk, may keep it from failing too.
            _LOG.exception("job %s stays unfinished", task.job_id)
