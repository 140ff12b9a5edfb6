"""One run at a time on a state directory.

The lock is the operating system's own on an open file, so it goes with the process that holds it: a
dead owner never holds anybody up. What stands in the file is for the message only.
"""

from __future__ import annotations

import json
import os
import socket
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bulkflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LOCK_NAME = "lock"
OWNER_NAME = "lock.owner"


class StateLockedError(UsageError):
    """Another run works with this state directory."""


@contextmanager
def locked(directory: Path, now: Callable[[], float] = time.time) -> Iterator[None]:
    """Hold the lock of a state directory while the block runs.

    Raises:
        StateLockedError: another process holds it; the message names it.
        UsageError: the directory cannot be written.
    """
    # Here, so that checking a file does not load it.
    from filelock import FileLock, Timeout

    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        held = FileLock(directory / LOCK_NAME, timeout=0, mode=0o600).acquire()
    except Timeout as error:
        raise StateLockedError(
            f"another run works with {directory}: {_owner(directory) or 'it just began'}",
            help="wait for it, or give this run a folder of its own with --state-dir DIR",
        ) from error
    except OSError as error:
        raise UsageError(
            f"cannot lock {directory}: {error.strerror or error}",
            help="choose a folder that can be written with --state-dir DIR",
        ) from error
    with held:
        owner = {"pid": os.getpid(), "host": socket.gethostname(), "started": now()}
        (directory / OWNER_NAME).touch(mode=0o600)
        (directory / OWNER_NAME).write_text(json.dumps(owner), "utf-8")
        yield


def _owner(directory: Path) -> str | None:
    """Who says to hold the lock; None where nobody has said it yet."""
    try:
        said = json.loads((directory / OWNER_NAME).read_text("utf-8"))
        since = datetime.fromtimestamp(float(said["started"]), UTC).isoformat(" ", "seconds")
        return f"process {int(said['pid'])} on {said['host']}, since {since}"
    except (OSError, ValueError, OverflowError, KeyError, TypeError):
        # The owner is about to write it, or was killed while it did.
        return None
