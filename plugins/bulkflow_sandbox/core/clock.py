"""The time that a sandbox lives in: the system's, or one that a test moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from bulkflow.errors import UsageError

if TYPE_CHECKING:
    from threading import Condition


_END: Final = datetime(9000, 1, 1, tzinfo=UTC)
"""What ends days or years later must still have a date, and the last year is 9999."""


class SandboxClock(Protocol):
    """What tells the time and wakes a thread that waits for some of it to pass."""

    def now(self) -> datetime:
        """The present moment, in UTC."""

    def watch(self, condition: Condition) -> None:
        """Notifies `condition` whenever the time moves otherwise than by passing."""

    def wait(self, condition: Condition, seconds: float | None) -> None:
        """Waits on `condition`, whose lock is held, for at most `seconds` of this clock."""


class RealTimeClock:
    """The time of the machine."""

    def now(self) -> datetime:
        """The present moment, in UTC."""
        return datetime.now(UTC)

    def watch(self, condition: Condition) -> None:
        """Nothing moves this clock."""

    def wait(self, condition: Condition, seconds: float | None) -> None:
        """Waits on `condition` for at most `seconds`."""
        condition.wait(seconds)


class ManualClock:
    """A clock that stands still until it is told to move."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = start.astimezone(UTC)
        self._watchers: list[Condition] = []

    def now(self) -> datetime:
        """The moment that the clock was last moved to."""
        return self._now

    def advance(self, by: float | timedelta) -> None:
        """Moves the clock by a number of seconds or a length of time, and wakes who waits.

        Raises:
            UsageError: That would be after the year 9000.
        """
        try:
            moment = self._now + (by if isinstance(by, timedelta) else timedelta(seconds=by))
        except OverflowError:
            moment = datetime.max.replace(tzinfo=UTC)
        if moment >= _END:
            raise UsageError(
                "the clock cannot be moved so far",
                help=f"leave it before {_END:%Y-%m-%d}",
            )
        self._now = moment
        for condition in list(self._watchers):
            with condition:
                condition.notify_all()

    def watch(self, condition: Condition) -> None:
        """Notifies `condition` at each move."""
        self._watchers.append(condition)

    def wait(self, condition: Condition, seconds: float | None) -> None:
        """Waits on `condition`: only a move of the clock, or news, ends it."""
        condition.wait()
