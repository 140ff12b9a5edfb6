"""Shortages of the machine: disk space, descriptors, threads, memory.

None of them is a fault of bulkflow or a plugin, and each has a remedy.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow.errors import BulkflowError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class MachineError(BulkflowError):
    """The machine does not allow bulkflow to continue."""


@frozen
class Shortage:
    """What the machine is out of.

    Attributes:
        what: What is wrong, without the place.
        remedy: What to do about it.
    """

    what: str
    remedy: str


_ROOM: Final = Shortage("the disk is full", "free some space")
_MEMORY: Final = Shortage(
    "memory is used up", "add memory, or close other programs; in a container, check its limit"
)
_READ_ONLY: Final = Shortage(
    "the file system is read-only", "make it writable, or use another folder"
)
_DISK: Final = Shortage("the disk failed to read or write", "check the system log for disk errors")
_THREADS: Final = Shortage(
    "the system cannot start more threads",
    "raise the limit of processes (`ulimit -u`, `pids` of a container), add memory, or close other "
    "programs",
)

_BY_ERRNO: Final[Mapping[int, Shortage]] = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: Shortage(
        "the disk quota is used up", "free some space, or ask for a larger quota"
    ),
    errno.EFBIG: Shortage(
        "a file would be larger than the system allows", "raise the limit: `ulimit -f`"
    ),
    errno.EROFS: _READ_ONLY,
    errno.EIO: _DISK,
    errno.EMFILE: Shortage(
        "this process may not open more files",
        "raise the limit, as in `ulimit -n 4096`, or load over fewer connections",
    ),
    errno.ENFILE: Shortage("the system cannot open more files", "close other programs"),
    errno.ENOMEM: _MEMORY,
}

# SQLite's numbers (https://www.sqlite.org/rescode.html); `bulkflow check` does not load `sqlite3`.
_IOERR: Final = 10
_FULL: Final = 13
_CANTOPEN: Final = 14
_OF_SQLITE: Final = 4
"""Descriptors of a journal: its file, the log, the log's index, and the folder."""

_BY_SQLITE: Final[Mapping[int, Shortage]] = {
    _FULL: _ROOM,
    8: _READ_ONLY,  # SQLITE_READONLY
    7: _MEMORY,  # SQLITE_NOMEM
    # SQLite does not say which; a limit on file sizes is one cause.
    _IOERR: Shortage(
        "the disk failed to read or write",
        "check for free space, for a limit on file sizes (`ulimit -f`), and for disk errors in the "
        "system log",
    ),
}


def find_shortage(error: BaseException) -> Shortage | None:
    """Find what the machine is out of, if an error says that."""
    match error:
        case MemoryError():
            return _MEMORY
        case OSError():
            return _BY_ERRNO.get(error.errno or 0)
        case RuntimeError() if "start new thread" in str(error):
            return _THREADS
        case ImportError():
            # Of a library in machine code, such as DuckDB: the loader gives words only.
            return (
                _MEMORY
                if "failed to map segment" in str(error)
                else find_named_shortage(str(error))
            )
        case _:
            return _BY_SQLITE.get(_sqlite_code(error))


def explained(error: OSError, remedy: str) -> tuple[str, str]:
    """Describe what the system refused, and the remedy.

    Args:
        error: What was raised.
        remedy: What to do if the machine is not out of something.
    """
    short = find_shortage(error)
    if short is None:
        return error.strerror or str(error), remedy
    return short.what, short.remedy


def find_named_shortage(words: str) -> Shortage | None:
    """Find what the machine is out of by the message of a library that gives no number."""
    told = words.lower()
    return next(
        (short for number, short in _BY_ERRNO.items() if os.strerror(number).lower() in told), None
    )


def find_shortage_at(error: BaseException, folder: Path) -> Shortage | None:
    """Find the shortage for a write to a folder; SQLite does not always say what it lacked."""
    found = find_shortage(error)
    if _sqlite_code(error) not in {_IOERR, _CANTOPEN}:
        return found
    try:
        import shutil  # imported here so a check does not load it

        full = not shutil.disk_usage(folder).free
        _try_descriptors(folder)
    except OSError as reason:
        return find_shortage(reason) or found
    return _ROOM if full else found


def _try_descriptors(folder: Path) -> None:
    """Open as many files as SQLite does for a journal. Raises OSError."""
    opened: list[int] = []
    try:
        for _ in range(_OF_SQLITE):
            opened.append(os.open(folder, os.O_RDONLY))  # noqa: PERF401 - so far as it comes
    finally:
        for each in opened:
            os.close(each)


def build_machine_error(error: BaseException, doing: str | None = None) -> MachineError | None:
    """Build the error to show if the machine is out of something.

    Args:
        error: What was raised.
        doing: What was being done; follows "while".
    """
    found = find_shortage(error)
    if found is None:
        return None
    place = getattr(error, "filename", None)
    where = f"{place}: " if isinstance(place, str) else ""
    while_ = f", while {doing}" if doing else ""
    return MachineError(
        f"{where}{found.what}{while_}",
        help=f"{found.remedy}; everything sent so far is in the journal, and `bulkflow runs` shows "
        "whether the run can be resumed",
    )


def _sqlite_code(error: BaseException) -> int:
    """Get the kind of an SQLite error; 0 for other errors, including those of Python's module."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF
