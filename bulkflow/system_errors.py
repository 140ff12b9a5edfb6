"""What a machine can be out of, named as what it is: room, descriptors, threads, memory.

None of it is a fault of bulkflow or of a plugin, and there is something to do about each.
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
    """The machine lets bulkflow go no further."""


@frozen
class Shortage:
    """What the machine has no more of.

    Attributes:
        what: What is wrong, without the place.
        remedy: What to do about it.
    """

    what: str
    remedy: str


_ROOM: Final = Shortage("no room is left on the disk", "make room there")
_MEMORY: Final = Shortage(
    "memory is used up", "give it more memory, or end other programs; in a container, see its limit"
)
_READ_ONLY: Final = Shortage(
    "the file system can only be read", "mount it so that it can be written, or use another place"
)
_DISK: Final = Shortage(
    "the disk failed to read or write", "see what the system's log says about the disk"
)
_THREADS: Final = Shortage(
    "the system starts no more threads",
    "raise the limit of processes (`ulimit -u`, `pids` of a container), or end other programs",
)

_BY_ERRNO: Final[Mapping[int, Shortage]] = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: Shortage("the disk quota is used up", "make room, or ask for a larger quota"),
    errno.EFBIG: Shortage(
        "a file would be larger than the system allows", "raise the limit: `ulimit -f`"
    ),
    errno.EROFS: _READ_ONLY,
    errno.EIO: _DISK,
    errno.EMFILE: Shortage(
        "this process may not open more files",
        "raise the limit, as in `ulimit -n 4096`, or load over fewer connections",
    ),
    errno.ENFILE: Shortage("the system cannot open more files", "end other programs"),
    errno.ENOMEM: _MEMORY,
}

# SQLite's own numbers (https://www.sqlite.org/rescode.html), for a check loads no `sqlite3`.
_IOERR: Final = 10
_FULL: Final = 13
_CANTOPEN: Final = 14

_BY_SQLITE: Final[Mapping[int, Shortage]] = {
    _FULL: _ROOM,
    8: _READ_ONLY,  # SQLITE_READONLY
    7: _MEMORY,  # SQLITE_NOMEM
    # SQLite does not say which: a limit on the size of files is one of them.
    _IOERR: Shortage(
        "the disk failed to read or write",
        "see whether there is room, whether the system limits the size of files (`ulimit -f`), and "
        "what its log says about the disk",
    ),
}


def find_shortage(error: BaseException) -> Shortage | None:
    """What the machine has no more of, if that is what an error says."""
    match error:
        case MemoryError():
            return _MEMORY
        case OSError():
            return _BY_ERRNO.get(error.errno or 0)
        case RuntimeError() if "start new thread" in str(error):
            return _THREADS
        case _:
            return _BY_SQLITE.get(_sqlite_code(error))


def find_shortage_at(error: BaseException, folder: Path) -> Shortage | None:
    """The same for what was written to a folder; SQLite does not always say what it lacked."""
    found = find_shortage(error)
    if _sqlite_code(error) not in {_IOERR, _CANTOPEN}:
        return found
    try:
        import shutil  # here, so that a check does not load it

        full = not shutil.disk_usage(folder).free
        os.close(os.open(folder, os.O_RDONLY))
    except OSError as reason:
        return find_shortage(reason) or found
    return _ROOM if full else found


def build_machine_error(error: BaseException, doing: str | None = None) -> MachineError | None:
    """The error to tell the user of, if it is the machine that is out of something.

    Args:
        error: What was raised.
        doing: What was being done, to follow "while".
    """
    found = find_shortage(error)
    if found is None:
        return None
    place = getattr(error, "filename", None)
    where = f"{place}: " if isinstance(place, str) else ""
    while_ = f", while {doing}" if doing else ""
    return MachineError(
        f"{where}{found.what}{while_}",
        help=f"{found.remedy}; what was sent by then is in the journal, and `bulkflow runs` tells "
        "whether the run can be resumed",
    )


def _sqlite_code(error: BaseException) -> int:
    """The kind of an error of SQLite's; 0 for others, and for those of Python's own."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF
