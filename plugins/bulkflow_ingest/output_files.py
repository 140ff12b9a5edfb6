"""Files that appear under their names when they are complete; and their names."""

from __future__ import annotations

from contextlib import contextmanager
from gzip import GzipFile
from io import BufferedWriter, FileIO, TextIOWrapper
from typing import TYPE_CHECKING, BinaryIO, TextIO, cast

from bulkflow.atomic_files import deliver_file as in_run
from bulkflow.atomic_files import draft_beside, resolve_target
from bulkflow.errors import StepError
from bulkflow.system_errors import find_shortage
from bulkflow_csv import is_gzip
from bulkflow_ingest.source.compression import LEVEL
from bulkflow_salesforce import LocalFileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from typing_extensions import Buffer


def resolve_output(path: Path) -> Path | None:
    """As `bulkflow.atomic_files.resolve_target`. Raises `StepError`."""
    try:
        return resolve_target(path)
    except OSError as error:
        raise make_unwritable_error(path, error) from error


@contextmanager
def delivered(path: Path, run_directory: Path) -> Iterator[Path]:
    """As `bulkflow.atomic_files.deliver_file`, for a place of the user's. Raises `StepError`."""
    try:
        with in_run(path, run_directory) as scratch:
            yield scratch
    except OSError as error:
        raise make_unwritable_error(path, error) from error


@contextmanager
def draft(path: Path, raising: type[StepError] = StepError) -> Iterator[TextIO]:
    """Write a text file that appears when the block is left without an error.

    If its name ends in `.gz`, it is compressed with gzip.

    Raises:
        StepError: It cannot be written; another class if `raising` is given.
    """
    opened = _packed if is_gzip(path) else _plain
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft_beside(path) as made, opened(made.descriptor) as file:
            yield file
    except OSError as error:
        raise make_unwritable_error(path, error, raising) from error


@contextmanager
def _plain(descriptor: int) -> Iterator[TextIO]:
    with open(descriptor, "w", encoding="utf-8", newline="") as file:
        yield file


@contextmanager
def _packed(descriptor: int) -> Iterator[TextIO]:
    with open(descriptor, "wb") as stream:
        # Neither a name nor a time within: the same rows make the same bytes.
        packer = cast("BinaryIO", GzipFile("", "wb", LEVEL, stream, mtime=0))
        with TextIOWrapper(packer, encoding="utf-8", newline="") as file:
            yield file


@contextmanager
def binary_draft(path: Path, checkpoint: Callable[[], None]) -> Iterator[BinaryDraft]:
    """Write a private file that appears when the block is left without an error.

    Args:
        path: Its name, unless the draft is given another in the same folder.
        checkpoint: Called before each write; what it raises leaves nothing of the file.

    Raises:
        StepError: It cannot be written.
    """
    try:
        with draft_beside(path) as made:
            with BinaryDraft(FileIO(made.descriptor, "w"), path, checkpoint) as file:
                yield file
            made.target = file.path
    except OSError as error:
        raise make_unwritable_error(path, error) from error
    except LocalFileError as error:
        # The transport does not know the name of what it writes to.
        cause = error.__cause__
        raise make_unwritable_error(
            path, cause if isinstance(cause, OSError) else OSError(error)
        ) from error


class BinaryDraft(BufferedWriter):
    """A file that stops accepting data once the run has to stop.

    Attributes:
        path: The name that it will get.
    """

    def __init__(self, raw: FileIO, path: Path, checkpoint: Callable[[], None]) -> None:
        super().__init__(raw)
        self.path = path
        self._checkpoint = checkpoint

    def write(self, piece: Buffer, /) -> int:
        """Write a piece, unless the run has to stop."""
        self._checkpoint()
        return super().write(piece)


def make_folder(folder: Path) -> None:
    """Make a folder if there is none. Raises `StepError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise make_unwritable_error(folder, error) from error


def make_unwritable_error(
    path: Path, error: OSError, raising: type[StepError] = StepError
) -> StepError:
    """Make the error for a path that cannot be written."""
    short = find_shortage(error)
    return raising(
        f"cannot write {path}: {short.what if short else error.strerror or error}",
        help=f"{short.remedy if short else 'check the folder, its space and its permissions'}; "
        "the results stay in the org for seven days",
    )
