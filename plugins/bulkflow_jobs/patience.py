"""How long to wait out temporary trouble, and the growing pauses between attempts."""

from __future__ import annotations

from random import random
from typing import TYPE_CHECKING, Final

from attrs import define, field

from bulkflow.model.event import Notice, NoticeLevel

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkflow.plugin import Context

PATIENCE: Final = 15 * 60.0
"""Seconds, unless the job or its org sets another patience."""
FIRST_PAUSE: Final = 0.5
"""Seconds; each further pause is twice as long."""
LONGEST_PAUSE: Final = 30.0
"""Seconds; pauses do not grow beyond this."""
JITTER: Final = 0.5
"""The random share of a pause, so that many jobs do not retry at the same moment."""


def get_patience(context: Context, patience: float | None) -> float:
    """Return how many seconds to wait out trouble.

    Args:
        context: The step's context; its org may set a patience.
        patience: The patience that the job sets; None if it sets none.
    """
    if patience is not None:
        return patience
    patience = context.open_org().patience
    return PATIENCE if patience is None else patience


@define(eq=False)
class Backoff:
    """Growing pauses between attempts, until the patience is used up.

    Attributes:
        context: The step's context.
        patience: Seconds from now, pauses included.
        job: The key of the job that waits.
        chance: Returns a random number from 0 to 1.
    """

    context: Context
    patience: float
    job: str | None = None
    chance: Callable[[], float] = random
    _began: float = field(init=False)
    _next: float = field(default=FIRST_PAUSE, init=False)

    def __attrs_post_init__(self) -> None:
        self._began = self.context.clock.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since it was made."""
        return self.context.clock.monotonic() - self._began

    @property
    def left(self) -> float:
        """Seconds until the patience is used up."""
        return max(0.0, self.patience - self.elapsed)

    def pause(self, reason: str) -> bool:
        """Wait before the next attempt, and emit why; return False if the patience is used up.

        The last pause ends with the patience.

        Raises:
            RunInterruptedError: The run is to stop.
        """
        left = self.left
        if not left:
            return False
        seconds = min(left, self._next * (1 - JITTER * self.chance()))
        self._next = min(LONGEST_PAUSE, 2 * self._next)
        self.context.emit(
            Notice(
                f"{reason}; retrying in {seconds:.1f} s (after {self.elapsed:.0f} s, giving up "
                f"after {self.patience:.0f} s)",
                NoticeLevel.WARNING,
                job=self.job,
            )
        )
        self.context.sleep(seconds)
        return True
