"""Ctrl-C and SIGTERM while a pipeline runs."""

from __future__ import annotations

import os
import signal
import socket
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

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """The first signal asks the run to stop, the second stops the program at once.

    Before the run begins, the first ends the command as Ctrl-C ends any program. A run that was
    asked and does not stop within the grace, because a request hangs, is stopped as by the second:
    the journal is on the disk at any time, so nothing is lost by it. Handlers of
    `on interrupt`, and `always` blocks that are under way or follow, have all the time that they
    need; only a second signal ends them.

    Python runs a signal handler in the main thread, between any two instructions: where that thread
    may hold any lock, or never, if it went to wait for an answer just after it was asked. So what
    acts on signals are threads of this class, which the interpreter wakes through a socket. Those
    are two, since the one that tells of the first signal may be held up there.

    Args:
        grace: Seconds that what is under way has to end after the first signal.
        live: Whether the terminal's cursor may be hidden.
    """

    def __init__(self, grace: float, *, live: bool = False) -> None:
        self._grace = grace
        self._live = live
        self._services: Services | None = None
        self._over = False
        self._early = False
        self._beginning = threading.Lock()
        self._asks: SimpleQueue[bool] = SimpleQueue()
        self._wakes: socket.socket | None = None

    def watch(self, services: Services) -> None:
        """The run that is to be stopped."""
        with self._beginning:
            self._services = services
            early = self._early
        if early and self._wakes is not None:
            self._wakes.send(bytes([signal.SIGINT]))

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
        self._wakes, woken = socket.socketpair()
        self._wakes.setblocking(False)
        watchers = [
            threading.Thread(target=self._hear, args=(woken,), name="signals", daemon=True),
            threading.Thread(target=self._ask, name="interruption", daemon=True),
        ]
        for watcher in watchers:
            watcher.start()
        woken_before = signal.set_wakeup_fd(self._wakes.fileno(), warn_on_full_buffer=False)
        before = {
            each: signal.signal(each, self._signal)
            for each in SIGNALS
            if signal.getsignal(each) is not signal.SIG_IGN
        }
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)
            signal.set_wakeup_fd(woken_before)
            self._wakes.close()
            for watcher in watchers:
                watcher.join()
            woken.close()

    def _signal(self, number: int, frame: FrameType | None) -> None:
        """End what goes on before the run begins."""
        del number, frame
        if self._services is None:
            raise KeyboardInterrupt

    def _hear(self, woken: socket.socket) -> None:
        """Count the signals; act on the second."""
        received = 0
        while said := woken.recv(1):
            if said[0] not in SIGNALS:
                continue
            with self._beginning:
                if self._services is None:
                    # The handler acts on it, unless the run begins before.
                    self._early = True
                    continue
            received += 1
            if received > 1:
                self._stop("stopped at once")
            self._asks.put(True)
        self._asks.put(False)

    def _ask(self) -> None:
        """Act on the first signal."""
        if not self._asks.get():
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
            self._asks.get(timeout=self._grace)
        except Empty:
            if not cancellation.sheltered:
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
