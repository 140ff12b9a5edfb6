"""Replaces a file in one step: a reader sees the old content or the new one, never a part."""

from __future__ import annotations

import glob
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

from bulkflow.errors import UsageError
from bulkflow.path_checks import resolved
from bulkflow.system_errors import explained

_SUFFIX: Final = ".part"


def replace_file(path: Path, content: bytes) -> None:
    """Put new content into a file that exists; its permissions stay, and so does a link to it.

    Raises:
        UsageError: the file cannot be written; it is as it was.
    """
    target = resolved(path)
    beside: Path | None = None
    try:
        _clear(target)
        with tempfile.NamedTemporaryFile(
            dir=target.parent, prefix=_prefix(target, os.getpid()), suffix=_SUFFIX, delete=False
        ) as stream:
            beside = Path(stream.name)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        shutil.copymode(target, beside)
        beside.replace(target)
    except OSError as error:
        if beside is not None:
            beside.unlink(missing_ok=True)
        what, remedy = explained(error, "check that you may write the file and its folder")
        raise UsageError(f"cannot write {path}: {what}", help=remedy) from error


def _prefix(target: Path, process: int | str) -> str:
    return f".{target.name}.bulkflow-{process}-"


def _clear(target: Path) -> None:
    """Remove the drafts of this file that killed processes left."""
    for left in target.parent.glob(f"{glob.escape(_prefix(target, ''))[:-1]}*{_SUFFIX}"):
        process = left.name.removeprefix(_prefix(target, "")[:-1]).partition("-")[0]
        if process.isdigit() and not _is_alive(int(process)):
            left.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    if os.name != "posix":
        # There, asking could end it.
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
