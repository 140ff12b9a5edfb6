"""Writes the user's files as drafts first; they appear once they are complete.

A draft is written in the run's own folder, so a killed process leaves nothing half-written in the
user's folder. If the target is on another disk, a draft next to it is needed. That draft is noted
in the run's folder before it is made, and the next command on a run of the same file removes it.
The content of a file is on disk before it gets its name, and the name before the writer continues.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from attrs import define

from bulkflow.path_checks import resolved
from bulkflow.private_files import FILE_MODE, make_private_folder, write_private_file

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER: Final = "saving"
"""The folder of a run for its drafts, and for notes of drafts elsewhere."""

COPIES: Final = "data"
"""The folder of a run for copies of its sources; deleted once all rows are loaded."""

_NOTE: Final = ".note"
_PART: Final = ".part"
_BLOCK: Final = 1 << 20
_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_STREAMS: Final = ("/dev/", "/proc/")
"""Paths here refer to open files and devices, which are written to directly."""


def resolve_target(path: Path) -> Path | None:
    """Resolve a path to its plain file, existing or not; None if it has to be written directly.

    Links are followed. Devices, FIFOs and sockets cannot be replaced by another file.

    Raises:
        OSError: It is a folder, or cannot be examined.
    """
    if str(path.absolute()).startswith(_STREAMS):
        return None
    target = Path(os.path.realpath(path))
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return target
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    return target if stat.S_ISREG(mode) else None


@contextmanager
def deliver_file(path: Path, run_directory: Path) -> Iterator[Path]:
    """Yield a place for a draft in a run's folder; moves it to `path` if the block succeeds.

    The draft keeps the suffix `.gz` of its final name. Missing folders are made.

    Raises:
        OSError: Something cannot be written.
    """
    resolve_target(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = run_directory / FOLDER
    make_private_folder(folder)
    suffix = ".gz" if path.name.lower().endswith(".gz") else ""
    scratch = folder / f"{_token()}{suffix}"
    try:
        yield scratch
        _deliver(scratch, path, run_directory)
    finally:
        scratch.unlink(missing_ok=True)


def clear_drafts(run_directory: Path) -> None:
    """Remove the drafts that a killed run left, as far as they are certainly its own."""
    folder = run_directory / FOLDER
    if not folder.is_dir():
        return
    for each in folder.iterdir():
        if each.suffix == _NOTE:
            left = Path(os.fsdecode(each.read_bytes()))
            if left.name == _name(run_directory, each.stem) and _is_plain(left):
                left.unlink(missing_ok=True)
        each.unlink(missing_ok=True)


def _token() -> str:
    return os.urandom(8).hex()


def replace_file(path: Path, content: bytes) -> None:
    """Write a whole file, or replace its content; its permissions stay, and so does a link to it.

    A new file is accessible to its owner only.

    Raises:
        OSError: The file cannot be written. It is unchanged.
    """
    target = resolved(path)
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else FILE_MODE
    _clear_beside(target)
    with draft_beside(target) as draft, open(draft.descriptor, "wb") as out:  # noqa: PTH123
        draft.path.chmod(mode)
        out.write(content)


@define(eq=False)
class Draft:
    """A file that is being written next to its target.

    Attributes:
        path: The draft, accessible to its owner only.
        descriptor: The draft, open for writing in binary mode. The block that writes it closes it.
        target: The name that it gets. It may be changed to another one in the same folder.
    """

    path: Path
    descriptor: int
    target: Path


@contextmanager
def draft_beside(target: Path) -> Iterator[Draft]:
    """Make a draft in the folder of a file; it gets the file's name if the block succeeds.

    Its content is on disk before it gets the name, and the name before this returns. If the block
    raises, nothing of it is left.

    Raises:
        OSError: Something cannot be written.
    """
    path = target.with_name(f"{_prefix(target)}{os.getpid()}-{_token()}{_PART}")
    draft = Draft(path, os.open(path, _NEW_FILE, FILE_MODE), target)
    try:
        yield draft
        sync_file(path)
        path.replace(draft.target)
    finally:
        path.unlink(missing_ok=True)
    sync_folder(target.parent)


def _prefix(target: Path) -> str:
    return f".{target.name}.bulkflow-"


def _clear_beside(target: Path) -> None:
    """Remove the drafts of a file that killed processes left next to it."""
    prefix = _prefix(target)
    for each in target.parent.iterdir():
        if each.name.startswith(prefix) and each.name.endswith(_PART):
            process = each.name.removeprefix(prefix).partition("-")[0]
            if process.isdigit() and not _is_alive(int(process)):
                each.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    if os.name != "posix":
        return True  # on Windows, os.kill could end it
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _copy(file: BinaryIO, out: BinaryIO) -> None:
    while block := file.read(_BLOCK):
        out.write(block)


def _deliver(scratch: Path, path: Path, run_directory: Path) -> None:
    target = resolve_target(path)
    if target is None:
        with scratch.open("rb") as file, path.open("wb") as out:
            _copy(file, out)
        return
    # Before the rename: after a power cut, the name must not lead to a file without its content.
    sync_file(scratch)
    try:
        scratch.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy_beside(scratch, target, run_directory)
    sync_folder(target.parent)


def _copy_beside(scratch: Path, target: Path, run_directory: Path) -> None:
    token = _token()
    note = run_directory / FOLDER / f"{token}{_NOTE}"
    beside = target.with_name(_name(run_directory, token))
    write_private_file(note, os.fsencode(beside.absolute()))
    try:
        descriptor = os.open(beside, _NEW_FILE, FILE_MODE)
        with scratch.open("rb") as file, open(descriptor, "wb") as out:  # noqa: PTH123
            _copy(file, out)
        sync_file(beside)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
        note.unlink(missing_ok=True)


def _name(run_directory: Path, token: str) -> str:
    """Make a name that no other run's draft and no other file has."""
    return f".bulkflow-{run_directory.name}-{token}{_PART}"


def _is_plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def sync_file(path: Path) -> None:
    """Write a file's content through to the disk. Raises OSError."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Write a folder's names through to the disk, if the system allows that. Raises OSError."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
