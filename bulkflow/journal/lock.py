"""One run at a time on a state directory.

The lock is the operating system's own on an open file, so it goes with the process that holds it: a
dead owner never holds anybody up. The file stays when the lock goes: whoever waited for one that is
taken away would hold a lock that nobody else can see. What stands beside it is for the message.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bulkflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _take(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


LOCK_NAME = "lock"
OWNER_NAME = "lock.owner"

_HELD = frozenset({errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK})
"""What a lock that somebody else holds is refused with; Windows says EACCES."""


class StateLockedError(UsageError):
    """Another run works with this state directory."""


@contextmanager
def locked(directory: Path, now: Callable[[], float] = time.time) -> Iterator[None]:
    """Hold the lock of a state directory while the block runs.

    Raises:
        StateLockedError: another process holds it; the message names it.
        UsageError: the directory cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Neither cut short nor followed: a link there may lead to a file that is somebody's.
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        file = os.open(directory / LOCK_NAME, flags, 0o600)
    except OSError as error:
        raise _cannot_lock(directory, error) from error
    try:
        _hold(directory, file)
        owner = {"pid": os.getpid(), "host": socket.gethostname(), "started": now()}
        (directory / OWNER_NAME).touch(mode=0o600)
        (directory / OWNER_NAME).write_text(json.dumps(owner), "utf-8")
        yield
    finally:
        os.close(file)


def _hold(directory: Path, file: int) -> None:
    try:
        _take(file)
    except OSError as error:
        if error.errno not in _HELD:
            raise _cannot_lock(directory, error) from error
        raise StateLockedError(
            f"another run works with {directory}: {_owner(directory) or 'it just began'}",
            help="wait for it, or give this run a folder of its own with --state-dir DIR",
        ) from error


def _cannot_lock(directory: Path, error: OSError) -> UsageError:
    return UsageError(
        f"cannot lock {directory}: {error.strerror or error}",
        help="choose a folder that can be written with --state-dir DIR",
    )


def _owner(directory: Path) -> str | None:
    """Who says to hold the lock; None where nobody has said it yet."""
    try:
        said = json.loads((directory / OWNER_NAME).read_text("utf-8"))
        since = datetime.fromtimestamp(float(said["started"]), UTC).isoformat(" ", "seconds")
        return f"process {int(said['pid'])} on {said['host']}, since {since}"
    except (OSError, ValueError, OverflowError, KeyError, TypeError):
        # The owner is about to write it, or was killed while it did.
        return None
