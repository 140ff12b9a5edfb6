"""The thread that processes closed jobs, in turn and at the processing speed that is set."""

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
"""Maximum rows of one turn. A request that changes a job waits for at most one turn."""


class Task(Protocol):
    """The processing of one job. Each call is one transaction, so clients see the steps.

    A call returns `False` if the job was aborted, was deleted or failed, so the task is finished.
    """

    @property
    def job_id(self) -> str:
        """The job's id of 18 characters."""

    @property
    def rows_done(self) -> int:
        """The number of rows processed so far."""

    @property
    def rows_left(self) -> bool:
        """Whether there may be more rows."""

    def start(self) -> bool:
        """Set the job to InProgress."""

    def work(self, rows: int) -> bool:
        """Process at most `rows` more rows."""

    def finish(self) -> None:
        """Set the job to its final state."""

    def fail(self, problem: Exception) -> None:
        """Set the job to Failed because of an error in the sandbox itself."""

    def close(self) -> None:
        """Close the task's files."""


@define(eq=False)
class _Turn:
    task: Task
    closed: datetime
    speed: ProcessingSpeed | None = None
    polls: int = 0
    started: bool = False


class Worker:
    """Processes jobs until it is closed.

    Args:
        clock: The clock that the processing speed uses.
        speed: The processing speed. `set_speed` changes it at any time.
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
        """Change the processing speed, including that of unfinished jobs."""
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
        """Add a job that was closed at a time, optionally with a processing speed of its own."""
        with self._condition:
            self._turns.append(_Turn(task, closed, speed, started=started))
            self._condition.notify_all()

    def hurry(self) -> None:
        """Finish all tasks that have a processing speed of their own, and wait for them."""
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
        """Count a poll of a job, and wait for the processing that it allows.

        Args:
            job_id: The job.
            own_speed: Whether the poll counts for the task that has a speed of its own.
        """
        with self._condition:
            turn = self._find(job_id, own_speed=own_speed)
            if turn is None:
                return
            seconds = self._get_seconds(turn)
            before = self._get_allowance(turn, seconds)
            turn.polls += 1
            if self._get_allowance(turn, seconds) == before:
                return
            self._condition.notify_all()
            self._condition.wait_for(
                lambda: self._closing or (self._busy is not turn and not self._can_continue(turn))
            )

    def settle(self, timeout: float | None = None) -> bool:
        """Wait until all processing that the speed allows now is finished.

        Args:
            timeout: The maximum time to wait, in real seconds.

        Returns:
            Whether it finished in time.
        """
        with self._condition:
            return self._condition.wait_for(
                lambda: self._busy is None and not any(map(self._can_continue, self._turns)),
                timeout,
            )

    def drop(self, job_id: str) -> Task | None:
        """Drop a job, after its current turn if it has one.

        Returns:
            The task, which the caller must close; `None` if the job was not being processed.
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
        """Stop after the current turn. Unfinished jobs stay unfinished."""
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

    def _get_seconds(self, turn: _Turn) -> float:
        return (self._clock.now() - turn.closed).total_seconds()

    def _get_allowance(self, turn: _Turn, seconds: float | None = None) -> Allowance:
        seconds = self._get_seconds(turn) if seconds is None else seconds
        speed = turn.speed or self._speed
        return speed.allow(JobSnapshot(seconds, turn.polls, turn.task.rows_done))

    def _can_continue(self, turn: _Turn) -> bool:
        if turn not in self._turns and turn is not self._busy:
            return False
        allowed = self._get_allowance(turn)
        if not turn.started:
            return allowed.start
        return allowed.rows >= 1 if turn.task.rows_left else allowed.finish

    def _run(self) -> None:
        while True:
            with self._condition:
                self._condition.notify_all()
                if self._closing:
                    return
                turn = next(filter(self._can_continue, self._turns), None)
                if turn is None:
                    self._clock.wait(self._condition, self._get_pause())
                    continue
                self._turns.remove(turn)
                self._busy = turn
                rows = self._get_allowance(turn).rows
            unfinished = self._run_turn(turn, TURN_ROWS if rows == math.inf else int(rows))
            if not unfinished:
                self._close(turn.task)
            with self._condition:
                if unfinished:
                    self._turns.append(turn)
                self._busy = None

    def _get_pause(self) -> float | None:
        pauses = [self._get_allowance(turn).again for turn in self._turns]
        return min((pause for pause in pauses if pause is not None), default=None)

    def _run_turn(self, turn: _Turn, rows: int) -> bool:
        task = turn.task
        try:
            if not turn.started:
                turn.started = True
                return task.start()
            if task.rows_left:
                return task.work(min(rows, TURN_ROWS))
            task.finish()
        except Exception as problem:  # noqa: BLE001 - an error in one job must not stop the others
            _LOG.exception("the sandbox could not process job %s", task.job_id)
            self._fail(task, problem)
        return False

    @staticmethod
    def _fail(task: Task, problem: Exception) -> None:
        try:
            task.fail(problem)
        except Exception:  # noqa: BLE001 - as above
            # The cause, such as a full disk, may also prevent saving the failure.
            _LOG.exception("job %s stays unfinished", task.job_id)
