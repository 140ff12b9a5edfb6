"""Being asked to stop.

The first request lets what is under way end: every checkpoint raises from then on. A view of it
that tolerates the requests so far (for an `always` block after an interruption) holds still until
the next one.
"""

from __future__ import annotations

import time
from threading import Condition
from typing import TYPE_CHECKING

from attrs import define, evolve, field, frozen

from bulkflow.errors import RunInterruptedError

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_WAIT = 1.0
"""Seconds. A signal handler that runs between the look at the count and the wait wakes nobody, for
it runs in the very thread that is about to wait; so nobody waits longer than this at a stretch."""


@define(eq=False)
class _Requests:
    count: int = 0
    changed: Condition = field(factory=Condition, repr=False)


@frozen(eq=False)
class Cancellation:
    """Safe to use from signal handlers and from workers."""

    _requests: _Requests = field(factory=_Requests)
    _tolerated: int = 0
    _monotonic: Callable[[], float] = field(default=time.monotonic, repr=False)
    _wait: Callable[[Condition, float], object] = field(default=Condition.wait, repr=False)

    @property
    def requested(self) -> bool:
        """Whether the run was asked to stop."""
        return self._requests.count > self._tolerated

    def request(self) -> None:
        """Ask the run to stop."""
        with self._requests.changed:
            self._requests.count += 1
            self._requests.changed.notify_all()

    def checkpoint(self) -> None:
        """Raise `RunInterruptedError` if the run was asked to stop."""
        if self.requested:
            raise RunInterruptedError("interrupted")

    def sleep(self, seconds: float) -> None:
        """Wait; ends early, with `RunInterruptedError`, when the run is asked to stop."""
        until = self._monotonic() + seconds
        with self._requests.changed:
            while not self.requested and (left := until - self._monotonic()) > 0:
                self._wait(self._requests.changed, min(left, LONGEST_WAIT))
        self.checkpoint()

    def tolerant(self) -> Cancellation:
        """A view for work that runs although the run was asked to stop; hears the next request."""
        return evolve(self, tolerated=self._requests.count)
