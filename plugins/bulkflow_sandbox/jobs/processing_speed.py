"""How fast jobs are processed: at once, or as slowly as a test wants it.

A pace says what may have happened to a job by now; the worker does it. All of it can be seen from
outside only as states and counters, so a pace decides nothing about the outcome.
"""

from __future__ import annotations

import math
from typing import Protocol

from attrs import frozen


@frozen
class JobSnapshot:
    """Where a job is: seconds since it was closed, looks at it since then, rows that are done."""

    seconds: float
    polls: int
    rows: int


@frozen
class Allowance:
    """What may happen to a job now.

    `rows` is how many more rows may be processed. `again` is the number of seconds after which
    more may be allowed; `None` when no passing of time changes anything.
    """

    start: bool
    rows: float
    finish: bool
    again: float | None = None


class ProcessingSpeed(Protocol):
    """A way for jobs to take their time."""

    def allow(self, standing: JobSnapshot) -> Allowance:
        """What may happen to a job that stands there."""


_ALL = Allowance(start=True, rows=math.inf, finish=True)


@frozen
class Immediately:
    """As fast as the sandbox can."""

    def allow(self, standing: JobSnapshot) -> Allowance:
        """Everything."""
        return _ALL


@frozen
class Never:
    """Not before the pace is changed."""

    def allow(self, standing: JobSnapshot) -> Allowance:
        """Nothing."""
        return Allowance(start=False, rows=0, finish=False)


@frozen
class AfterPolls:
    """Final at the `polls`-th look at the job after it was closed, InProgress at those before.

    The look waits for the work, so that what it shows depends on nothing but its number.
    """

    polls: int

    def allow(self, standing: JobSnapshot) -> Allowance:
        """All rows at the first look, the end at the last."""
        if standing.polls >= self.polls:
            return _ALL
        return Allowance(start=standing.polls > 0, rows=math.inf, finish=False)


@frozen
class AfterTime:
    """In the queue for `queued` seconds, then InProgress for `processing` seconds."""

    processing: float
    queued: float = 0

    def allow(self, standing: JobSnapshot) -> Allowance:
        """All rows when the queue is left, the end when the time is over."""
        if standing.seconds < self.queued:
            return Allowance(
                start=False, rows=0, finish=False, again=self.queued - standing.seconds
            )
        left = self.queued + self.processing - standing.seconds
        if left <= 0:
            return _ALL
        return Allowance(start=True, rows=math.inf, finish=False, again=left)


@frozen
class RowsPerSecond:
    """In the queue for `queued` seconds, then `rate` rows in each second, in whole chunks."""

    rate: float
    queued: float = 0
    chunk: int = 200

    def allow(self, standing: JobSnapshot) -> Allowance:
        """The chunks that time has passed for."""
        elapsed = standing.seconds - self.queued
        if elapsed < 0:
            return Allowance(start=False, rows=0, finish=False, again=-elapsed)
        # The half row keeps a due moment due when seconds were rounded.
        chunks = math.floor((elapsed * self.rate + 0.5 - standing.rows) / self.chunk)
        due = (standing.rows + self.chunk) / self.rate - elapsed
        return Allowance(
            start=True, rows=max(0, chunks) * self.chunk, finish=True, again=max(0.001, due)
        )
