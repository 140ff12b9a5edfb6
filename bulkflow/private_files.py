"""Makes files and folders for their owner only, whatever the umask; never follows links."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

FOLDER_MODE: Final = 0o700
FILE_MODE: Final = 0o600

_NO_LINKS: Final = getattr(os, "O_NOFOLLOW", 0)


def make_private_folder(folder: Path) -> None:
    """Make a folder and its missing parents.

    Each new folder is accessible to its owner only, because others with write access to a folder
    could replace what is in it. Raises OSError.
    """
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        if folder.parent == folder:
            break
        folder = folder.parent
    for each in reversed(missing):
        try:
            each.mkdir(mode=FOLDER_MODE)
        except FileExistsError:
            # Another process made it meanwhile.
            if not each.is_dir():
                raise
        else:
            # The umask may have removed even the owner's permissions.
            each.chmod(FOLDER_MODE)


def make_private_file(path: Path) -> None:
    """Make an empty file if there is none. Raises OSError for a link or a special file."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINKS, FILE_MODE)
    except FileExistsError:
        refuse_link(path)
        return
    try:
        path.chmod(FILE_MODE)
    finally:
        os.close(descriptor)


def write_private_file(path: Path, content: bytes) -> None:
    """Write a file of our own, which is made if missing. Raises OSError, also for a link."""
    make_private_file(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC | _NO_LINKS)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor
        file.write(content)


def refuse_link(path: Path) -> None:
    """Raise OSError for a link or a special file, which somebody else may have put there."""
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        raise OSError(f"{path} is a link, and bulkflow makes no links there")
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(21, os.strerror(21), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(f"{path} is not a regular file")
