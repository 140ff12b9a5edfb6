"""How often the org is asked for the status of jobs: rarely, yet soon after they finish."""

from __future__ import annotations

from random import random
from threading import Lock
from typing import TYPE_CHECKING, Final

from attrs import define, field

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkflow.plugin import Context

FIRST_PAUSE: Final = 0.25
"""Seconds before the second poll."""
LONGEST_PAUSE: Final = 20.0
"""Seconds; every request counts towards the org's daily limit."""
SHARE: Final = 0.1
"""A pause is this share of the time waited so far, which bounds how late an end is noticed."""
CALLS_PER_SECOND: Final = 20.0
"""For all waits of a run together, after the first polls."""
JITTER: Final = 0.1
"""Pauses are longer or shorter by up to this share, so that many runs do not poll in step."""


@define(eq=False, repr=False)
class PollSchedule:
    """The polling rate that all waits of a run share."""

    chance: Callable[[], float] = random
    """Returns a random number from 0 to 1."""
    _waiting: int = field(default=0, init=False)
    _lock: Lock = field(factory=Lock, init=False, repr=False)

    @classmethod
    def of(cls, context: Context) -> PollSchedule:
        """Return the schedule of the run."""
        return context.share("jobs:poll-schedule", cls, lambda _: None)

    def compute_pause(self, waited: float) -> float:
        """Return the seconds until the next poll of a job that was waited for this long."""
        usual = min(LONGEST_PAUSE, max(FIRST_PAUSE, SHARE * waited))
        fair = max(usual, self._waiting / CALLS_PER_SECOND)
        return fair * (1 + JITTER * (2 * self.chance() - 1))

    def add(self, jobs: int) -> None:
        """Change the number of jobs that are waited for by this much."""
        with self._lock:
            self._waiting += jobs
