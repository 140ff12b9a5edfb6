"""Cooperative cancellation of a run.

After the first request to stop, every checkpoint raises. Sheltered work (`always` blocks and
handlers of interruptions) keeps running and reacts to the next request.
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
"""The longest single wait, in seconds. A signal handler that runs between the check of the count
and the wait cannot wake the waiting thread, because it runs in that same thread."""


@define(eq=False, repr=False)
class _Requests:
    count: int = 0
    shelters: int = 0
    """How many shelters are open."""
    met: bool = False
    """Whether a request was made while a shelter was open, or a shelter was opened after a request.
    """
    changed: Condition = field(factory=Condition, repr=False)


@frozen(eq=False)
class Cancellation:
    """Tells a run to stop. Safe to use from signal handlers and worker threads."""

    _requests: _Requests = field(factory=_Requests)
    _tolerated: int = 0
    _monotonic: Callable[[], float] = field(default=time.monotonic, repr=False)
    _wait: Callable[[Condition, float], object] = field(default=Condition.wait, repr=False)

    @property
    def requested(self) -> bool:
        """Whether this view has to stop."""
        return self._requests.count > self._tolerated

    @property
    def asked(self) -> bool:
        """Whether the user asked the run to stop, even if this view ignores the request."""
        return self._requests.count > 0

    @property
    def tolerates(self) -> bool:
        """Whether this view ignores requests that were made before it."""
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
        """Wait; raises `RunInterruptedError` early if the run is asked to stop."""
        until = self._monotonic() + seconds
        with self._requests.changed:
            while not self.requested and (left := until - self._monotonic()) > 0:
                self._wait(self._requests.changed, min(left, LONGEST_WAIT))
        self.checkpoint()

    @property
    def sheltered(self) -> bool:
        """Whether sheltered work ran or runs since the run was asked to stop."""
        return self._requests.met

    @contextmanager
    def shelter(self) -> Iterator[Cancellation]:
        """Open a view for work that must finish even if the run was or is asked to stop.

        The view reacts to the next request, or to the second one if there was none yet. It exists
        before the work starts, so a request in between cannot be missed.
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
