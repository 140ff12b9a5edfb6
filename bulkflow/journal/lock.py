"""Allows one run of a pipeline file at a time; different files of a project can run in parallel.

The lock is the operating system's lock on an open file, so it disappears with the process that
holds it: a dead owner never blocks anyone. The content of the file is only for the message.
"""

from __future__ import annotations

import json
import os
import socket
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from bulkflow.errors import UsageError
from bulkflow.path_checks import resolved
from bulkflow.private_files import make_private_file, make_private_folder, write_private_file
from bulkflow.system_errors import find_shortage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FOLDER = "locks"


class StateLockedError(UsageError):
    """Another process is using a run of the same pipeline file."""


@contextmanager
def lock_pipeline(
    directory: Path, pipeline: str, now: Callable[[], float] = time.time
) -> Iterator[None]:
    """Hold the lock of a pipeline file while the block runs.

    Args:
        directory: The state directory of its project.
        pipeline: The file's absolute path, with links resolved.
        now: Seconds since the epoch.

    Raises:
        StateLockedError: Another process holds the lock; the message names it.
        UsageError: The directory cannot be written.
    """
    # Imported here so checking a file does not load it.
    from filelock import FileLock, Timeout

    folder = directory / FOLDER
    name = _name(directory, pipeline)
    try:
        make_private_folder(folder)
        make_private_file(folder / name)
        held = FileLock(folder / name, timeout=0, mode=0o600).acquire()
    except Timeout as error:
        raise StateLockedError(
            f"another process is using a run of {pipeline}: "
            f"{_owner(folder / f'{name}.owner') or 'it just started'}",
            help="wait until it ends",
        ) from error
    except OSError as error:
        raise _unlocked(directory, error) from error
    with held:
        owner = {"pid": os.getpid(), "host": socket.gethostname(), "started": now()}
        try:
            write_private_file(folder / f"{name}.owner", json.dumps(owner).encode())
        except OSError as error:
            raise _unlocked(directory, error) from error
        yield


def _unlocked(directory: Path, error: OSError) -> UsageError:
    short = find_shortage(error)
    return UsageError(
        f"cannot lock {directory}: {short.what if short else error.strerror or error}",
        help=f"nothing was sent; {short.remedy}"
        if short
        else "choose a writable folder with --state-dir DIR",
    )


def _name(directory: Path, pipeline: str) -> str:
    """Name the lock of a file, independent of where its project is."""
    path, project = Path(pipeline), resolved(directory).parent
    known = path.relative_to(project).as_posix() if path.is_relative_to(project) else pipeline
    return sha256(known.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _owner(path: Path) -> str | None:
    """Read who holds the lock; None if that is not written yet."""
    try:
        said = json.loads(path.read_text("utf-8"))
        since = datetime.fromtimestamp(float(said["started"]), UTC).isoformat(" ", "seconds")
        return f"process {int(said['pid'])} on {said['host']}, since {since}"
    except (OSError, ValueError, OverflowError, KeyError, TypeError):
        # The owner is about to write it, or was killed while writing.
        return None
