"""What is at a path that a user named; no path is an error here.

`pathlib` raises RuntimeError for links that lead in a circle, up to Python 3.12, and OSError for
names that are too long; neither explains in the user's words what is wrong with the path.
"""

from __future__ import annotations

import os
from pathlib import Path


def resolved(path: Path) -> Path:
    """Make a path absolute and without links; links that lead in a circle stay as they are."""
    return Path(os.path.realpath(path))


def is_folder(path: Path) -> bool:
    """Whether a folder is there, or at the end of a link that is."""
    return os.path.isdir(path)  # noqa: PTH112 - see above


def is_file(path: Path) -> bool:
    """Whether a plain file is there, or at the end of a link that is."""
    return os.path.isfile(path)  # noqa: PTH113 - see above


def is_there(path: Path) -> bool:
    """Whether anything is there, or at the end of a link that is."""
    return os.path.exists(path)  # noqa: PTH110 - see above


def is_utf8(path: Path) -> bool:
    """Whether the name of a path, and those of its folders, are UTF-8."""
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError:
        return False
    return True


def read_start(path: Path, size: int = 4_096) -> bytes:
    """Read the first bytes of a plain file; none of a pipe, and none if it cannot be read."""
    if not is_file(path):
        return b""
    try:
        with path.open("rb") as file:
            return file.read(size)
    except OSError:
        # The code that opens the file reports the error.
        return b""
