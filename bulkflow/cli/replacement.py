"""Replaces a file in one step: a reader sees the old content or the new one, never a part."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from bulkflow.errors import UsageError


def replace_file(path: Path, content: bytes) -> None:
    """Put new content into a file that exists; its permissions stay, and so does a link to it.

    Raises:
        UsageError: the file cannot be written; it is as it was.
    """
    target = path.resolve()
    beside: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=target.parent, prefix=f".{target.name}.", delete=False
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
        raise UsageError(
            f"cannot write {path}: {error.strerror or error}",
            help="check that you may write the file and its folder",
        ) from error
