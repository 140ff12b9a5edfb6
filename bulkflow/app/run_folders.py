"""The folders of runs in a state directory: copies of rows, results, drafts."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING

from bulkflow.atomic_files import clear_drafts
from bulkflow.errors import UsageError
from bulkflow.private_files import make_private_folder
from bulkflow.system_errors import find_shortage

if TYPE_CHECKING:
    from bulkflow.journal import Journal


def measure_folder(folder: Path) -> int:
    """Add up the bytes of the files in a folder, as far as they can be read."""
    size = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                size += Path(path, name).lstat().st_size
    return size


def clear_leftovers(journal: Journal, pipeline: str) -> None:
    """Remove what killed runs of a file left half-written. Call it with the file locked.

    Files that cannot be removed do no harm.
    """
    for (run,) in journal.query("SELECT id FROM run WHERE pipeline = ?", pipeline):
        with suppress(OSError):
            clear_drafts(journal.path.parent / "runs" / str(run))


def delete_run_folder(directory: Path) -> bool:
    """Delete the folder of a run as far as possible; returns whether its name is free.

    The folder is renamed first, so a half-deleted folder cannot count as a lost run.
    """
    doomed = directory.with_name(f".{directory.name}")
    try:
        directory.rename(doomed)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    rmtree(doomed, ignore_errors=True)
    return True


def make_run_folder(directory: Path) -> None:
    """Make the folder of a run. Raises `UsageError`."""
    try:
        make_private_folder(directory)
    except OSError as error:
        short = find_shortage(error)
        raise UsageError(
            f"cannot write the run's files in {directory}: "
            f"{short.what if short else error.strerror or error}",
            help=f"nothing was sent; {short.remedy}"
            if short
            else "choose a writable folder with --state-dir DIR",
        ) from error
