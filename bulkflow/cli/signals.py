"""Handles Ctrl-C, SIGTERM and SIGHUP while a pipeline runs."""

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
    # SIGHUP is missing on Windows, and SIGBREAK exists only there.
    if hasattr(signal, name)
)

AS_ONE = 1.0
"""Seconds within which several signals count as one; with 0, each counts.

GNU `timeout` signals the program and then its whole process group, and a closing terminal sends
SIGHUP both itself and through the shell.
"""

_LAST_WORDS: Final = 1.0
"""Seconds to write the final messages before an immediate exit, in case nobody reads them."""

_BURST: Final = 64


def interrupt_once() -> None:
    """Let the first signal from now on raise KeyboardInterrupt, and ignore the others.

    Used until `Interruption` takes over, in a process that ends with the command.
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
    """Stops a run gracefully on the first signal, and the process immediately on the second.

    Signals within a second of the first count as the first. Before the run begins, the first one
    ends the command, as Ctrl-C ends any program. If the run does not stop within the grace period,
    for example because a request hangs, the process exits as after a second signal. Nothing is
    lost then, because the journal is always on disk. `on interrupt` handlers and `always` blocks
    have no time limit; only a second signal ends them.

    Python runs signal handlers in the main thread, between any two instructions. That thread may
    hold any lock, or may never run the handler if it has just begun to wait. So threads of this
    class act on signals, and the interpreter wakes them through a socket. There are two, because
    the one that reports the first signal may block.

    Args:
        grace: Seconds that the run has to finish what is in progress after the first signal.
        live: Whether the terminal's cursor may be hidden.
        lasting: Whether signals are handled until the process ends. A signal after the end of the
            run then does not change the exit code.
        before_exit: Called before an immediate exit, with the run if it has begun. Returns the exit
            code.
        rest: Waits for the given number of seconds; None to wait in real time.
    """

    def __init__(
        self,
        grace: float,
        *,
        live: bool = False,
        lasting: bool = False,
        before_exit: Callable[[Services | None], int] = lambda _: ExitCode.INTERRUPTED,
        rest: Callable[[float], object] | None = None,
    ) -> None:
        self._grace = grace
        self._live = live
        self._lasting = lasting
        self._before_exit = before_exit
        self._closed = threading.Event()
        self._rest = rest or self._closed.wait
        self._services: Services | None = None
        self._over = False
        self._early = False
        self._raised = False
        self._beginning = threading.Lock()
        self._requests: SimpleQueue[bool] = SimpleQueue()

    def watch(self, services: Services) -> None:
        """Set the run to stop."""
        with self._beginning:
            self._services = services
            early = self._early
        if early:
            self._requests.put(True)

    def end(self) -> None:
        """Note that the run has ended; later signals are ignored."""
        self._over = True

    @contextmanager
    def handle_signals(self) -> Iterator[None]:
        """Handle signals while the block runs. Outside the main thread, do nothing.

        A signal that the process was started with as ignored, as by `nohup`, stays ignored.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        wakes, woken = socket.socketpair()
        wakes.setblocking(False)
        watchers = [
            threading.Thread(
                target=self._count_signals, args=(woken,), name="signals", daemon=True
            ),
            threading.Thread(target=self._stop_run, name="interruption", daemon=True),
        ]
        for watcher in watchers:
            watcher.start()
        woken_before = signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
        before = {
            each: signal.signal(each, self._interrupt_early)
            for each in SIGNALS
            if signal.getsignal(each) is not signal.SIG_IGN
        }
        if self._lasting:
            # Runs when the last thread has ended. The interpreter would then restore the default
            # handlers, and a late signal would kill a process that has already finished.
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

    def _interrupt_early(self, number: int, frame: FrameType | None) -> None:
        """Interrupt the command once, if the run has not begun."""
        del number, frame
        if self._services is None and not self._over and not self._raised:
            self._raised = True
            raise KeyboardInterrupt

    def _count_signals(self, woken: socket.socket) -> None:
        """Count the signals, and exit on the second."""
        counted = 0
        while received := woken.recv(_BURST):
            if not any(each in SIGNALS for each in received):
                continue
            counted += 1
            if counted > 1:
                self._exit("stopped immediately")
            with self._beginning:
                # Before the run begins, the signal handler acts on it.
                self._early = self._services is None
            if not self._early:
                self._requests.put(True)
            if AS_ONE:
                self._rest(AS_ONE)
                _drain(woken)
        self._requests.put(False)

    def _stop_run(self) -> None:
        """Wait for the first signal, and stop the run."""
        if not self._requests.get() or self._over:
            return
        assert self._services is not None
        cancellation = self._services.cancellation
        cancellation.request()
        finishing = (
            "finishing the `always` block"
            if cancellation.sheltered
            else f"finishing what is in progress (up to {self._grace:g} s)"
        )
        self._services.emit(
            Notice(
                f"interrupted: {finishing}; interrupt again to stop immediately",
                NoticeLevel.WARNING,
            )
        )
        try:
            self._requests.get(timeout=self._grace)
        except Empty:
            if not cancellation.sheltered and not self._over:
                self._exit(f"stopped: work in progress did not finish within {self._grace:g} s")

    def _exit(self, reason: str) -> None:
        code = [int(ExitCode.INTERRUPTED)]

        def write() -> None:
            with suppress(OSError):
                os.write(2, self._format_exit(reason).encode(errors="backslashreplace"))
            code[0] = self._before_exit(self._services)

        # If the reader has stopped reading, writing would block.
        writer = threading.Thread(target=write, daemon=True)
        writer.start()
        writer.join(_LAST_WORDS)
        os._exit(code[0])

    def _format_exit(self, reason: str) -> str:
        text = f"{SHOW_CURSOR if self._live else ''}\n{reason}\n"
        services = self._services
        left = [each for job in services.jobs for each in job.left] if services else []
        if services is None or not left:
            return text
        from bulkflow.engine.orgs import are_all_transient
        from bulkflow.engine.run import suggest_commands
        from bulkflow.report.runs.open_jobs import format_open_jobs

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
    """Discard all received signals."""
    woken.setblocking(False)
    with suppress(BlockingIOError):
        while woken.recv(_BURST):
            pass
    woken.setblocking(True)
