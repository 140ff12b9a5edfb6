"""Files of the user's that are written as drafts first, and appear when they are whole.

A draft is written in the run's own folder, so that nothing half-written is left in the user's when
the process is killed. Where that folder is on another disk, a draft beside the place is needed: it
is noted in the run's folder before it is made, and the next command that works on a run of the same
file removes what was left.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from bulkflow.private_files import make_private_folder, write_private_file

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER: Final = "saving"
"""The folder of a run with its drafts, and with notes of those elsewhere."""

COPIES: Final = "data"
"""The folder of a run for copies of its sources: they go once all rows are loaded."""

_NOTE: Final = ".note"
_PART: Final = ".part"
_BLOCK: Final = 1 << 20
_STREAMS: Final = ("/dev/", "/proc/")
"""Where files stand for something that is open already: it is written to, whatever it is."""


def resolve_target(path: Path) -> Path | None:
    """The plain file that a path leads to, there or not; None for what is written to as it is.

    Links are followed. Devices, FIFOs and sockets cannot be replaced by another file.

    Raises:
        OSError: It is a folder, or nothing that can be looked at.
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
    """A place for a draft in a run's folder; the file goes to `path` when the block is left well.

    A draft keeps the suffix `.gz` of the name that it will have. Folders that are missing are made.

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
    """Replace the content of an existing file; its permissions stay, and so does a link to it.

    Raises:
        OSError: The file cannot be written. It is unchanged.
    """
    target = path.resolve()
    _clear_beside(target)
    beside = target.with_name(f"{_prefix(target)}{os.getpid()}-{_token()}{_PART}")
    try:
        _write_synced(BytesIO(content), beside)
        beside.chmod(stat.S_IMODE(target.stat().st_mode))
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    _sync_folder(target.parent)


def _write_synced(file: BinaryIO, path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as out:  # noqa: PTH123
        _copy(file, out)
        out.flush()
        os.fsync(out.fileno())


def _prefix(target: Path) -> str:
    return f".{target.name}.bulkflow-"


def _clear_beside(target: Path) -> None:
    """Remove the drafts of a file that killed processes left beside it."""
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
    try:
        scratch.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy_beside(scratch, target, run_directory)
    _sync_folder(target.parent)


def _copy_beside(scratch: Path, target: Path, run_directory: Path) -> None:
    token = _token()
    note = run_directory / FOLDER / f"{token}{_NOTE}"
    beside = target.with_name(_name(run_directory, token))
    write_private_file(note, os.fsencode(beside.absolute()))
    try:
        with scratch.open("rb") as file:
            _write_synced(file, beside)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
        note.unlink(missing_ok=True)


def _name(run_directory: Path, token: str) -> str:
    """A name that no other run's draft has, and no file of somebody else's."""
    return f".bulkflow-{run_directory.name}-{token}{_PART}"


def _is_plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
