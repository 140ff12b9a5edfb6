"""The clock of a sandbox: the machine's, or one that a test moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from bulkflow.errors import UsageError

if TYPE_CHECKING:
    from threading import Condition


_END: Final = datetime(9000, 1, 1, tzinfo=UTC)
"""Expiry dates are days or years later, and must not pass the year 9999."""


class SandboxClock(Protocol):
    """A clock that can also wake threads that wait for time to pass."""

    def now(self) -> datetime:
        """Get the current time in UTC."""

    def watch(self, condition: Condition) -> None:
        """Notify `condition` whenever the clock is moved."""

    def wait(self, condition: Condition, seconds: float | None) -> None:
        """Wait on `condition`, whose lock is held, for at most `seconds` of this clock."""


class RealTimeClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Get the current time in UTC."""
        return datetime.now(UTC)

    def watch(self, condition: Condition) -> None:
        """Do nothing, because this clock is never moved."""

    def wait(self, condition: Condition, seconds: float | None) -> None:
        """Wait on `condition` for at most `seconds`."""
        condition.wait(seconds)


class ManualClock:
    """A clock that only moves when `advance` is called."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = start.astimezone(UTC)
        self._watchers: list[Condition] = []

    def now(self) -> datetime:
        """Get the time that the clock was last moved to."""
        return self._now

    def advance(self, by: float | timedelta) -> None:
        """Move the clock by a number of seconds or a `timedelta`, and wake waiting threads.

        Raises:
            UsageError: The new time would be after the year 9000.
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
        """Notify `condition` whenever the clock is moved."""
        self._watchers.append(condition)

    def wait(self, condition: Condition, seconds: float | None) -> None:
        """Wait on `condition` until the clock is moved or another thread notifies it."""
        condition.wait()
