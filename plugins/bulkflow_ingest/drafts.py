"""Files that are written beside their place, and take it when they are whole; and their names."""

from __future__ import annotations

import hashlib
import re
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING, TextIO

from bulkflow.errors import StepError

if TYPE_CHECKING:
    from collections.abc import Iterator


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
        temporary.replace(path)
        temporary = None
    except OSError as error:
        raise unwritable(path, error, raising) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def label_of(key: str) -> str:
    """A part of a file name that stands for one job's key, and for no other's on any system."""
    label = re.sub(r"[^\w.-]+", "-", key).strip("-.")
    if label == key == key.lower():
        return label
    return f"{label}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


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
