"""Ctrl-C and SIGTERM while a pipeline runs."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from bulkflow.errors import ExitCode
from bulkflow.model.event import Notice, NoticeLevel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from bulkflow.engine.services import Services

SHOW_CURSOR = "\x1b[?25h"


class Interruption:
    """The first signal asks the run to stop, the second stops the program at once.

    Before the run begins, the first ends the command as Ctrl-C ends any program. A run that was
    asked and does not stop within the grace, because a request hangs, is stopped as by the second:
    the journal is on the disk at any time, so nothing is lost by it. The `always` blocks that are
    under way or follow have all the time that they need; only a second signal ends them.

    A signal handler runs between any two instructions of the main thread, which may hold any lock
    then. So it only puts a word into a queue, and a thread of its own acts on it: one for each of
    the two signals, since the thread of the first may be held up where it tells of it.

    Args:
        grace: Seconds that what is under way has to end after the first signal.
        live: Whether the terminal's cursor may be hidden.
    """

    def __init__(self, grace: float, *, live: bool = False) -> None:
        self._grace = grace
        self._live = live
        self._services: Services | None = None
        self._received = 0
        self._over = False
        self._first: SimpleQueue[bool] = SimpleQueue()
        self._second: SimpleQueue[bool] = SimpleQueue()

    def watch(self, services: Services) -> None:
        """The run that is to be stopped."""
        self._services = services

    def over(self) -> None:
        """The run has ended by itself: nobody is to be told of a signal that came too late."""
        self._over = True

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Handle the signals while the block runs; only the main thread can.

        A signal that this process was started to ignore, as by `nohup`, stays ignored.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        watchers = [
            threading.Thread(target=watch, name="interruption", daemon=True)
            for watch in (self._ask, self._stop_at_once)
        ]
        for watcher in watchers:
            watcher.start()
        before = {
            each: signal.signal(each, self._signal)
            for each in (signal.SIGINT, signal.SIGTERM)
            if signal.getsignal(each) is not signal.SIG_IGN
        }
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)
            for queue, watcher in zip((self._first, self._second), watchers, strict=True):
                queue.put(False)
                watcher.join()

    def _signal(self, number: int, frame: FrameType | None) -> None:
        del frame
        self._received += 1
        if self._services is None:
            raise KeyboardInterrupt
        (self._first if self._received == 1 else self._second).put(True)

    def _ask(self) -> None:
        """Act on the first signal."""
        if not self._first.get():
            return
        assert self._services is not None
        cancellation = self._services.cancellation
        cancellation.request()
        if self._over:
            return
        goes_on = (
            "the block of `always` goes on to its end"
            if cancellation.sheltered
            else f"what is under way has {self._grace:g} s to end"
        )
        self._services.emit(
            Notice(
                f"interrupted: nothing new begins, and {goes_on}; once more stops at once",
                NoticeLevel.WARNING,
            )
        )
        try:
            self._first.get(timeout=self._grace)
        except Empty:
            if not cancellation.sheltered:
                self._stop(f"stopped: what was under way did not end within {self._grace:g} s")

    def _stop_at_once(self) -> None:
        """Act on the second signal."""
        if self._second.get():
            self._stop("stopped at once")

    def _stop(self, why: str) -> None:
        left = [each for job in self._services.jobs for each in job.left] if self._services else []
        text = f"{SHOW_CURSOR if self._live else ''}\n{why}\n"
        if left:
            text += (
                f"still in the org, and not at an end: {', '.join(left)}\n"
                "help: abort them or let them end before you load the same rows again\n"
            )
        os.write(2, text.encode(errors="backslashreplace"))
        os._exit(ExitCode.INTERRUPTED)
