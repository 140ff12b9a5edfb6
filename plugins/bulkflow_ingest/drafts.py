"""Files that are written beside their place, and take it when they are whole; and their names."""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import contextmanager
from io import BufferedWriter, FileIO
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING, BinaryIO, TextIO

from bulkflow.errors import StepError
from bulkflow_salesforce import LocalFileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typing_extensions import Buffer


@contextmanager
def draft(path: Path, raising: type[StepError] = StepError) -> Iterator[TextIO]:
    """A text file that takes its name when the block is left without an error.

    Raises:
        StepError: it cannot be written; as `raising`, if that is given.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        temporary = Path(name)
        with open(descriptor, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        temporary = None
        sync_folder(path.parent)
    except OSError as error:
        raise unwritable(path, error, raising) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """See that a file's content and name survive a power cut. Raises `StepError`."""
    try:
        with path.open("r+b") as file:
            os.fsync(file.fileno())
        sync_folder(path.parent)
    except OSError as error:
        raise unwritable(path, error) from error


def sync_folder(folder: Path) -> None:
    """See that the names in a folder survive a power cut, where the system lets folders be told."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def label_of(key: str) -> str:
    """A part of a file name that stands for one job's key, and for no other's on any system."""
    label = re.sub(r"[^\w.-]+", "-", key).strip("-.")
    if label == key == key.lower():
        return label
    return f"{label}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


@contextmanager
def binary_draft(path: Path, checkpoint: Callable[[], None]) -> Iterator[BinaryIO]:
    """A file that takes its name when the block is left without an error, for its owner only.

    Args:
        path: Its name.
        checkpoint: Called before each write; what it raises leaves nothing behind.

    Raises:
        StepError: it cannot be written.
    """
    temporary: Path | None = None
    try:
        descriptor, name = mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        temporary = Path(name)
        with _Interruptible(FileIO(descriptor, "w"), checkpoint) as file:
            yield file
        # What has its name is gone by for good.
        sync(temporary)
        temporary.replace(path)
        temporary = None
    except OSError as error:
        raise unwritable(path, error) from error
    except LocalFileError as error:
        # Of the transport, which knows no name of what it writes to.
        cause = error.__cause__
        raise unwritable(path, cause if isinstance(cause, OSError) else OSError(error)) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


class _Interruptible(BufferedWriter):
    """A file that takes nothing more once the run is to stop."""

    def __init__(self, raw: FileIO, checkpoint: Callable[[], None]) -> None:
        super().__init__(raw)
        self._checkpoint = checkpoint

    def write(self, piece: Buffer, /) -> int:
        self._checkpoint()
        return super().write(piece)


def make_folder(folder: Path) -> None:
    """Make a folder where there is none. Raises `StepError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error


def unwritable(path: Path, error: OSError, raising: type[StepError] = StepError) -> StepError:
    """The error for a place that nothing can be written to."""
    return raising(
        f"cannot write {path}: {error.strerror or error}",
        help="check the folder, its space and its permissions; the results stay in the org for "
        "seven days",
    )
