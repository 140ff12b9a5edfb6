"""A watchdog over the end of the process, which code of plugins may hold up."""

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
"""Between the last word of a command and its end; enough to send what a library holds back."""


def enforce_exit(code: int, environment: Environment) -> None:
    """Let the process end with `code` soon, even if something of a plugin still runs.

    The interpreter waits for non-daemon threads and runs exit handlers, without a time limit.
    """
    dog = threading.Thread(target=_end, args=(code, environment), name="watchdog", daemon=True)
    with suppress(RuntimeError):  # no more threads: then the end is not watched
        dog.start()


def _end(code: int, environment: Environment) -> None:
    threading.Event().wait(SECONDS)
    who = ", ".join(sorted(map(str, _holding(environment)))) or _threads() or "an exit handler"
    text = f"warning: {who} held up the end of the program for {SECONDS:g} s, and was cut off\n"
    with suppress(OSError):
        os.write(2, text.encode(errors="backslashreplace"))
    os._exit(code)


def _threads() -> str:
    waited = [
        f"the thread {each.name}"
        for each in threading.enumerate()
        if not each.daemon and each is not threading.main_thread()
    ]
    return ", ".join(waited)


def _holding(environment: Environment) -> Iterator[Provider]:
    """The plugins whose code runs in threads that are waited for, the main thread included."""
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
