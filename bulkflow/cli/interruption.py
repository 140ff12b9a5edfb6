"""Ctrl-C and SIGTERM while a pipeline runs."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from bulkflow.errors import ExitCode
from bulkflow.model.event import Notice, NoticeLevel, StepStarted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from bulkflow.engine.services import Services
    from bulkflow.model.event import Event

SHOW_CURSOR = "\x1b[?25h"


class Interruption:
    """The first signal asks the run to stop, the second stops the program at once.

    Before the run begins, the first ends the command as Ctrl-C ends any program. A run that was
    asked and does not stop within the grace, because a request hangs, is stopped as by the second:
    the journal is on the disk at any time, so nothing is lost by it. The `always` blocks that
    follow have all the time that they need; only a second signal ends them.

    A signal handler runs between any two instructions of the main thread, which may hold any lock
    then. So it only puts a word into a queue, and a thread of its own acts on it.

    Args:
        grace: Seconds that what is under way has to end after the first signal.
        live: Whether the terminal's cursor may be hidden.
    """

    def __init__(self, grace: float, *, live: bool = False) -> None:
        self._grace = grace
        self._live = live
        self._services: Services | None = None
        self._received = 0
        self._asked = False
        self._sheltered = False
        self._over = False
        self._words: SimpleQueue[int | None] = SimpleQueue()

    def watch(self, services: Services) -> None:
        """The run that is to be stopped."""
        self._services = services

    def over(self) -> None:
        """The run has ended by itself: nobody is to be told of a signal that came too late."""
        self._over = True

    def heard(self, listener: Callable[[Event], None]) -> Callable[[Event], None]:
        """A listener that also lets this hear of what goes on."""

        def hear(event: Event) -> None:
            # Nothing but an `always` block begins a step in a run that was asked to stop.
            if isinstance(event, StepStarted) and self._asked:
                self._sheltered = True
            listener(event)

        return hear

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Handle the signals while the block runs; only the main thread can.

        A signal that this process was started to ignore, as by `nohup`, stays ignored.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        watcher = threading.Thread(target=self._watch, name="interruption", daemon=True)
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
            self._words.put(None)
            watcher.join()

    def _signal(self, number: int, frame: FrameType | None) -> None:
        del frame
        self._received += 1
        if self._services is None:
            raise KeyboardInterrupt
        if self._received > 1:
            self._stop("stopped at once")
        self._words.put(number)

    def _watch(self) -> None:
        if self._words.get() is None:
            return
        assert self._services is not None
        self._services.cancellation.request()
        self._asked = True
        if self._over:
            return
        self._services.emit(
            Notice(
                "interrupted: nothing new begins, and what is under way has "
                f"{self._grace:g} s to end; once more stops at once",
                NoticeLevel.WARNING,
            )
        )
        try:
            self._words.get(timeout=self._grace)
        except Empty:
            if self._sheltered:
                self._words.get()
            else:
                self._stop(f"stopped: what was under way did not end within {self._grace:g} s")

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
