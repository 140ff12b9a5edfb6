"""How fast jobs are processed: immediately, or as slowly as a test needs.

A processing speed decides how far a job may have come by now, and the worker takes it there. Only
states and counters show this to clients, so a speed never changes the outcome of a job.
"""

from __future__ import annotations

import math
from typing import Protocol

from attrs import frozen


@frozen
class JobSnapshot:
    """The seconds and polls since a job was closed, and the rows that have been processed."""

    seconds: float
    polls: int
    rows: int


@frozen
class Allowance:
    """What may happen to a job now.

    `rows` is the number of further rows that may be processed. `again` is the number of seconds
    after which more may be allowed; `None` if waiting changes nothing.
    """

    start: bool
    rows: float
    finish: bool
    again: float | None = None


class ProcessingSpeed(Protocol):
    """Decides how far a job may be processed."""

    def allow(self, job: JobSnapshot) -> Allowance:
        """Decide what may happen to a job now."""


_ALL = Allowance(start=True, rows=math.inf, finish=True)


@frozen
class Immediately:
    """As fast as the sandbox can process jobs."""

    def allow(self, job: JobSnapshot) -> Allowance:
        """Allow everything."""
        return _ALL


@frozen
class Never:
    """Not before the speed is changed."""

    def allow(self, job: JobSnapshot) -> Allowance:
        """Allow nothing."""
        return Allowance(start=False, rows=0, finish=False)


@frozen
class AfterPolls:
    """The job is final at the `polls`-th poll after it was closed, and InProgress before.

    A poll waits for the processing, so its result depends only on its number.
    """

    polls: int

    def allow(self, job: JobSnapshot) -> Allowance:
        """Allow all rows at the first poll, and the end at the last."""
        if job.polls >= self.polls:
            return _ALL
        return Allowance(start=job.polls > 0, rows=math.inf, finish=False)


@frozen
class AfterTime:
    """The job is queued for `queued` seconds, then InProgress for `processing` seconds."""

    processing: float
    queued: float = 0

    def allow(self, job: JobSnapshot) -> Allowance:
        """Allow all rows once the job is no longer queued, and the end after the time."""
        if job.seconds < self.queued:
            return Allowance(start=False, rows=0, finish=False, again=self.queued - job.seconds)
        left = self.queued + self.processing - job.seconds
        if left <= 0:
            return _ALL
        return Allowance(start=True, rows=math.inf, finish=False, again=left)


@frozen
class RowsPerSecond:
    """The job is queued for `queued` seconds, then processed in chunks at `rate` rows a second."""

    rate: float
    queued: float = 0
    chunk: int = 200

    def allow(self, job: JobSnapshot) -> Allowance:
        """Allow the chunks that are due."""
        elapsed = job.seconds - self.queued
        if elapsed < 0:
            return Allowance(start=False, rows=0, finish=False, again=-elapsed)
        # Half a row is added, so a chunk that is due stays due if the seconds were rounded.
        chunks = math.floor((elapsed * self.rate + 0.5 - job.rows) / self.chunk)
        due = (job.rows + self.chunk) / self.rate - elapsed
        return Allowance(
            start=True, rows=max(0, chunks) * self.chunk, finish=True, again=max(0.001, due)
        )
