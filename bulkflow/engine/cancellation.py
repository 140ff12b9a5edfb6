"""Being asked to stop.

The first request lets what is under way end: every checkpoint raises from then on. What runs under
a shelter (a block of `always`, a handler of interruptions) runs on, and hears the request after
that.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from threading import Condition
from typing import TYPE_CHECKING

from attrs import define, evolve, field, frozen

from bulkflow.errors import RunInterruptedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONGEST_WAIT = 1.0
"""Seconds. A signal handler that runs between the look at the count and the wait wakes nobody, for
it runs in the very thread that is about to wait; so nobody waits longer than this at a stretch."""


@define(eq=False, repr=False)
class _Requests:
    count: int = 0
    shelters: int = 0
    """How many are under way."""
    met: bool = False
    """Whether a request and a shelter have met."""
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

    @property
    def asked(self) -> bool:
        """Whether anybody asked, also where this view passes it over."""
        return self._requests.count > 0

    @property
    def tolerates(self) -> bool:
        """Whether this is a view that passes requests over."""
        return self._tolerated > 0

    def request(self) -> None:
        """Ask the run to stop."""
        with self._requests.changed:
            self._requests.count += 1
            self._requests.met |= self._requests.shelters > 0
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

    @property
    def sheltered(self) -> bool:
        """Whether, since the run was asked to stop, something ran or runs under a shelter."""
        return self._requests.met

    @contextmanager
    def shelter(self) -> Iterator[Cancellation]:
        """A view for work that runs to its end though the run is asked to stop, before or within.

        It hears the next request, or the second one where none has come yet: from its first moment,
        so that no request falls between the decision to run it and its beginning.
        """
        with self._requests.changed:
            self._requests.shelters += 1
            self._requests.met |= self._requests.count > 0
            view = evolve(self, tolerated=max(1, self._requests.count))
        try:
            yield view
        finally:
            with self._requests.changed:
                self._requests.shelters -= 1
