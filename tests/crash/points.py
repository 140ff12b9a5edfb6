"""The points at which a run can be killed, laid into a process that is about to run bulkflow.

Nothing of this is in what ships: the seams are wrapped in the child, after the fork, from outside.
A point is passed before each intent; before, within and after each transaction of the journal; on
both sides of every request; at each read of a body that is being sent; and on both sides of each
file's renaming. How many transactions there are varies: threads that write at a time share them.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from support.haste import hasty

PAUSE = 0.002
"""Seconds of the machine's time that any wait of the run takes at the most."""

_LAID: Final = ExitStack()
"""What a process keeps until it ends."""


class Points:
    """Counts the points that are passed, and sends the process a signal at one of them."""

    def __init__(self, kill_at: int | str | None, signal_number: int = signal.SIGKILL) -> None:
        self._kill_at = kill_at
        self._signal = signal_number
        self._lock = threading.Lock()
        self.passed: list[str] = []

    def reach(self, name: str) -> None:
        with self._lock:
            self.passed.append(name)
            # By its name the first one counts; the process may live on for a while.
            named = name == self._kill_at and self.passed.count(name) == 1
            if named or len(self.passed) == self._kill_at:
                os.kill(os.getpid(), self._signal)


def lay(points: Points) -> None:
    """Wrap the seams of this process."""
    _journal(points)
    _requests(points)
    _files(points)
    _LAID.enter_context(hasty(PAUSE))


def kill_after(seconds: float, signal_number: int) -> None:
    """Send the process a signal at a moment that has to do with nothing."""
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal_number))
    timer.daemon = True
    timer.start()


def _journal(points: Points) -> None:
    from bulkflow.journal import recorder, store

    inner = store.transaction
    intend = recorder.RunJournal.intend

    def intended(self: Any, job: str, part: int, action: str, detail: Any, **named: Any) -> int:
        points.reach(f"intends to {action}")
        return intend(self, job, part, action, detail, **named)

    hand_over = recorder.RunJournal.hand_over

    def handed_over(self: Any, job: str, part: int, action: str, *rest: Any, **named: Any) -> int:
        points.reach(f"intends to {action}")
        return hand_over(self, job, part, action, *rest, **named)

    recorder.RunJournal.intend = intended  # type: ignore[method-assign]
    recorder.RunJournal.hand_over = handed_over  # type: ignore[method-assign]

    @contextmanager
    def transaction(connection: Any) -> Iterator[None]:
        points.reach("journal: before")
        with inner(connection):
            yield
            points.reach("journal: written, not committed")
        points.reach("journal: committed")

    store.transaction = transaction


def _requests(points: Points) -> None:
    from bulkflow_csv import PartBody
    from bulkflow_salesforce.http.dispatcher import Dispatcher

    inner = Dispatcher._send

    def once(self: Dispatcher, request: Any, token: str, receive: Callable[[Any], Any]) -> Any:
        points.reach(f"{request.call.method}: before")
        try:
            return inner(self, request, token, receive)
        finally:
            points.reach(f"{request.call.method}: after")

    Dispatcher._send = once  # type: ignore[method-assign]
    read = PartBody.read

    def counted(self: PartBody, size: int = -1, /) -> bytes:
        data = read(self, size)
        points.reach("PUT: within")
        return data

    PartBody.read = counted  # type: ignore[method-assign]


def _files(points: Points) -> None:
    inner = Path.replace

    def replace(self: Path, target: Any) -> Path:
        points.reach("rename: before")
        found = inner(self, target)
        points.reach("rename: after")
        return found

    Path.replace = replace  # type: ignore[method-assign]
