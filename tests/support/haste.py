"""A time that sleeps move on: minutes of patience take moments, and as many tries as ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock


class _Time:
    """Sleeps side by side overlap, as they do by the machine's clock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ahead = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead

    def move_to(self, at: float) -> None:
        with self._lock:
            self._ahead = max(self._ahead, at - time.monotonic())


@contextmanager
def hasty(pause: float) -> Iterator[None]:
    """Let each wait of bulkflow take so many seconds of the machine's time at the most.

    Its own clock moves on by the whole wait, so what is patient for minutes tries as often as in an
    org that is in trouble for minutes.
    """
    from bulkflow.engine.cancellation import Cancellation
    from bulkflow.engine.run_state import SystemClock

    inner, now = Cancellation.sleep, _Time()

    def monotonic(_: SystemClock) -> float:
        return now.monotonic()

    def sleep(self: Cancellation, seconds: float) -> None:
        until = now.monotonic() + seconds
        inner(self, min(seconds, pause))
        now.move_to(until)

    with (
        mock.patch.object(Cancellation, "sleep", sleep),
        mock.patch.object(SystemClock, "monotonic", monotonic),
    ):
        yield
