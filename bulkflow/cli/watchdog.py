"""Ends the process if a plugin's threads or exit handlers keep it alive."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow.cli.environment import Environment
    from bulkflow.plugin.records import Provider

SECONDS: Final = 5.0
"""Between the end of a command and that of its process; enough for a library to flush its data."""


def enforce_exit(code: int, environment: Environment) -> None:
    """Exit with `code` within a few seconds, even if code of a plugin is still running.

    The interpreter itself waits for non-daemon threads and exit handlers without a time limit.
    """
    watchdog = threading.Thread(
        target=_exit_late, args=(code, environment), name="watchdog", daemon=True
    )
    with suppress(RuntimeError):  # no thread can be started: exit without a watchdog
        watchdog.start()


def _exit_late(code: int, environment: Environment) -> None:
    threading.Event().wait(SECONDS)
    who = (
        ", ".join(sorted(map(str, _find_running_plugins(environment))))
        or _list_threads()
        or "an exit handler"
    )
    text = f"warning: {who} kept the program from exiting for {SECONDS:g} s, and was stopped\n"
    with suppress(OSError):
        os.write(2, text.encode(errors="backslashreplace"))
    os._exit(code)


def _list_threads() -> str:
    waited = [
        f"the thread {each.name}"
        for each in threading.enumerate()
        if not each.daemon and each is not threading.main_thread()
    ]
    return ", ".join(waited)


def _find_running_plugins(environment: Environment) -> Iterator[Provider]:
    """Find the plugins whose code runs in non-daemon threads, including the main thread."""
    from bulkflow.cli.plugin_commands import get_plugins

    frames = sys._current_frames()
    modules: set[str] = set()
    for thread in threading.enumerate():
        frame = None if thread.daemon else frames.get(thread.ident or 0)
        while frame is not None:
            modules.add(str(frame.f_globals.get("__name__", "")).partition(".")[0])
            frame = frame.f_back
    for plugin in get_plugins(environment).loaded:
        if plugin.target.partition(":")[0].partition(".")[0] in modules:
            yield plugin.provider
