"""How long trouble that may pass is waited out, and the growing pauses meanwhile."""

from __future__ import annotations

from random import random
from typing import TYPE_CHECKING, Final

from attrs import define, field

from bulkflow.model.event import Notice, NoticeLevel

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkflow.plugin import Context
    from bulkflow_ingest.settings import IngestSettings

PATIENCE: Final = 15 * 60.0
"""Seconds, where neither the job nor its org says otherwise."""
FIRST_PAUSE: Final = 0.5
"""Seconds; each further pause is twice as long."""
LONGEST_PAUSE: Final = 30.0
"""Seconds that the doubling comes to at the most."""
JITTER: Final = 0.5
"""The share of a pause that is left to chance, so that many parts do not come back in step."""


def patience_of(context: Context, settings: IngestSettings) -> float:
    """How many seconds trouble is waited out: as the job says, else its org, else `PATIENCE`."""
    if settings.patience is not None:
        return settings.patience
    told = context.open_org().patience
    return PATIENCE if told is None else told


@define(eq=False)
class Waiting:
    """Pauses that grow, until the patience is over.

    Attributes:
        context: The step's.
        patience: Seconds from now on, pauses included.
        job: The key of the job that waits.
        chance: A number from 0 to 1, another at each call.
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
        """Seconds since the waiting began."""
        return self.context.clock.monotonic() - self._began

    @property
    def left(self) -> float:
        """Seconds of the patience that are left."""
        return max(0.0, self.patience - self.elapsed)

    def pause(self, reason: str) -> bool:
        """Wait before the next try, and say what for; False, at once, when the patience is over.

        The last pause ends with the patience. Raises `RunInterruptedError`.
        """
        left = self.left
        if not left:
            return False
        seconds = min(left, self._next * (1 - JITTER * self.chance()))
        self._next = min(LONGEST_PAUSE, 2 * self._next)
        self.context.emit(
            Notice(
                f"{reason}; again in {seconds:.1f} s (waited out for {self.elapsed:.0f} s, "
                f"up to {self.patience:.0f} s)",
                NoticeLevel.WARNING,
                job=self.job,
            )
        )
        self.context.sleep(seconds)
        return True
