"""Ctrl-C, SIGTERM and SIGHUP while a pipeline runs."""

from __future__ import annotations

import atexit
import os
import signal
import socket
import threading
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final

from bulkflow.errors import ExitCode
from bulkflow.model.event import Notice, NoticeLevel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import FrameType

    from bulkflow.engine.run_state import Services

SHOW_CURSOR = "\x1b[?25h"

SIGNALS: Final[tuple[signal.Signals, ...]] = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    # Windows has no SIGHUP, and nothing else has SIGBREAK.
    if hasattr(signal, name)
)

AS_ONE = 1.0
"""Seconds after a signal within which others are the same one; with 0 each is one of its own.

GNU `timeout` sends its signal to the program and then to its whole group, and a terminal that is
closed sends SIGHUP itself and by way of the shell.
"""

_LAST_WORDS: Final = 1.0
"""Seconds for what is said when the program stops at once: nobody may read it any more."""

_BURST: Final = 64


def interrupt_once() -> None:
    """Make the first signal from now on raise KeyboardInterrupt, and the others nothing.

    For the time until `Interruption` handles them, in a process that ends with the command.
    """
    raised = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        if not raised.is_set():
            raised.set()
            raise KeyboardInterrupt

    for each in SIGNALS:
        if signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, end)


class Interruption:
    """The first signal asks the run to stop, the second stops the program at once.

    What comes within a second of the first is the first. Before the run begins, the first ends the
    command as Ctrl-C ends any program. A run that was asked and does not stop within the grace,
    because a request hangs, is stopped as by the second: the journal is on the disk at any time, so
    nothing is lost by it. Handlers of `on interrupt`, and `always` blocks that are under way or
    follow, have all the time that they need; only a second signal ends them.

    Python runs a signal handler in the main thread, between any two instructions: where that thread
    may hold any lock, or never, if it went to wait for an answer just after it was asked. So what
    acts on signals are threads of this class, which the interpreter wakes through a socket. Those
    are two, since the one that tells of the first signal may be held up there.

    Args:
        grace: Seconds that what is under way has to end after the first signal.
        live: Whether the terminal's cursor may be hidden.
        lasting: Whether signals are handled until the process ends. One that comes when all is over
            then changes nothing of what the command ends with.
        last_words: Called when the program stops at once, with the run if it has begun; returns
            what the process ends with.
        rest: Waits for so many seconds; None to wait by the clock.
    """

    def __init__(
        self,
        grace: float,
        *,
        live: bool = False,
        lasting: bool = False,
        last_words: Callable[[Services | None], int] = lambda _: ExitCode.INTERRUPTED,
        rest: Callable[[float], object] | None = None,
    ) -> None:
        self._grace = grace
        self._live = live
        self._lasting = lasting
        self._last_words = last_words
        self._closed = threading.Event()
        self._rest = rest or self._closed.wait
        self._services: Services | None = None
        self._over = False
        self._early = False
        self._raised = False
        self._beginning = threading.Lock()
        self._asks: SimpleQueue[bool] = SimpleQueue()

    def watch(self, services: Services) -> None:
        """The run that is to be stopped."""
        with self._beginning:
            self._services = services
            early = self._early
        if early:
            self._asks.put(True)

    def over(self) -> None:
        """The run has ended by itself: a signal that came too late changes nothing."""
        self._over = True

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Handle the signals while the block runs; only the main thread can.

        A signal that this process was started to ignore, as by `nohup`, stays ignored.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        wakes, woken = socket.socketpair()
        wakes.setblocking(False)
        watchers = [
            threading.Thread(target=self._hear, args=(woken,), name="signals", daemon=True),
            threading.Thread(target=self._ask, name="interruption", daemon=True),
        ]
        for watcher in watchers:
            watcher.start()
        woken_before = signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
        before = {
            each: signal.signal(each, self._signal)
            for each in SIGNALS
            if signal.getsignal(each) is not signal.SIG_IGN
        }
        if self._lasting:
            # Called when the last thread has ended. The interpreter would take the handlers away
            # then, and a signal would kill a program that has nothing left to do.
            atexit.register(_ignore, before, wakes)
            yield
            return
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)
            signal.set_wakeup_fd(woken_before)
            self._closed.set()
            wakes.close()
            for watcher in watchers:
                watcher.join()
            woken.close()

    def _signal(self, number: int, frame: FrameType | None) -> None:
        """End what goes on before the run begins; once, as it may be at its end already."""
        del number, frame
        if self._services is None and not self._over and not self._raised:
            self._raised = True
            raise KeyboardInterrupt

    def _hear(self, woken: socket.socket) -> None:
        """Count the signals; act on the second."""
        counted = 0
        while said := woken.recv(_BURST):
            if not any(each in SIGNALS for each in said):
                continue
            counted += 1
            if counted > 1:
                self._stop("stopped at once")
            with self._beginning:
                # Before the run begins the handler acts on it.
                self._early = self._services is None
            if not self._early:
                self._asks.put(True)
            if AS_ONE:
                self._rest(AS_ONE)
                _drain(woken)
        self._asks.put(False)

    def _ask(self) -> None:
        """Act on the first signal."""
        if not self._asks.get() or self._over:
            return
        assert self._services is not None
        cancellation = self._services.cancellation
        cancellation.request()
        goes_on = (
            "the block of `always` goes on to its end"
            if cancellation.sheltered
            else f"what is under way has {self._grace:g} s to end"
        )
        self._services.emit(
            Notice(
                f"interrupted: nothing new begins, and {goes_on}; interrupt again in a second to "
                "stop at once",
                NoticeLevel.WARNING,
            )
        )
        try:
            self._asks.get(timeout=self._grace)
        except Empty:
            if not cancellation.sheltered and not self._over:
                self._stop(f"stopped: what was under way did not end within {self._grace:g} s")

    def _stop(self, why: str) -> None:
        code = [int(ExitCode.INTERRUPTED)]

        def say() -> None:
            with suppress(OSError):
                os.write(2, self._told(why).encode(errors="backslashreplace"))
            code[0] = self._last_words(self._services)

        # The reader may have stopped reading, which would block the writer.
        saying = threading.Thread(target=say, daemon=True)
        saying.start()
        saying.join(_LAST_WORDS)
        os._exit(code[0])

    def _told(self, why: str) -> str:
        text = f"{SHOW_CURSOR if self._live else ''}\n{why}\n"
        services = self._services
        left = [each for job in services.jobs for each in job.left] if services else []
        if services is None or not left:
            return text
        from bulkflow.engine.orgs import are_all_transient
        from bulkflow.engine.run import suggest_commands
        from bulkflow.report.open_jobs import format_open_jobs

        if are_all_transient(services.orgs, services.catalogue.orgs):
            # The org ends with the program.
            return text
        return (
            f"{text}{format_open_jobs(left, services.run_id)}\nhelp: {suggest_commands(services)}\n"
        )


def _ignore(signals: Iterable[signal.Signals], wakes: socket.socket) -> None:
    for each in signals:
        signal.signal(each, signal.SIG_IGN)
    signal.set_wakeup_fd(-1)
    wakes.close()


def _drain(woken: socket.socket) -> None:
    """Take everything that has come."""
    woken.setblocking(False)
    with suppress(BlockingIOError):
        while woken.recv(_BURST):
            pass
    woken.setblocking(True)
