"""Being asked to stop.

The first request lets what is under way end: every checkpoint raises from then on. Inside a shield
(an `always` block after an interruption) checkpoints hold still, until a second request breaks it.
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import Condition
from typing import TYPE_CHECKING

from attrs import define, field

from bulkflow.errors import RunInterruptedError

if TYPE_CHECKING:
    from collections.abc import Iterator


@define(eq=False)
class Cancellation:
    """Safe to use from signal handlers' threads and from workers."""

    _requests: int = 0
    _tolerated: int = 0
    _changed: Condition = field(factory=Condition, init=False, repr=False)

    @property
    def requested(self) -> bool:
        """Whether the run was asked to stop."""
        return self._requests > self._tolerated

    def request(self) -> None:
        """Ask the run to stop."""
        with self._changed:
            self._requests += 1
            self._changed.notify_all()

    def checkpoint(self) -> None:
        """Raise `RunInterruptedError` if the run was asked to stop."""
        if self.requested:
            raise RunInterruptedError("interrupted")

    def sleep(self, seconds: float) -> None:
        """Wait; ends early, with `RunInterruptedError`, when the run is asked to stop."""
        with self._changed:
            self._changed.wait_for(lambda: self.requested, timeout=seconds)
        self.checkpoint()

    @contextmanager
    def shield(self) -> Iterator[None]:
        """Let what is inside run although the run was asked to stop."""
        before = self._tolerated
        self._tolerated = self._requests
        try:
            yield
        finally:
            self._tolerated = before
