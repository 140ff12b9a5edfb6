"""Byte sources: local files that can be read at any offset.

Standard input, pipes and compressed files are copied to a local file first, in constant memory.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from attrs import frozen

from bulkflow.path_checks import is_file, is_folder, is_there
from bulkflow.system_errors import explained
from bulkflow_csv.compression import convert_damage, find_compression
from bulkflow_csv.errors import CsvError, make_changed_error

if TYPE_CHECKING:
    from io import FileIO

    from bulkflow_csv.compression import Compression

_COPY_BYTES = 1 << 20


@frozen
class Stamp:
    """The state of a file: its size and modification time.

    Attributes:
        size: Bytes.
        modified_ns: Nanoseconds since the epoch.
    """

    size: int
    modified_ns: int


@frozen
class ByteSource:
    """A file to load.

    Attributes:
        name: The name that the user knows: `export/accounts-1.csv`, or `stdin`.
        path: The file that contains the bytes.
        spooled: Whether the file is a temporary copy, which the caller must remove.
    """

    name: str
    path: Path
    spooled: bool = False

    @classmethod
    def of(cls, path: Path, *, name: str | None = None) -> ByteSource:
        """Make the source for a regular file; `name` is the path as the user wrote it."""
        return cls(name if name is not None else str(path), path)

    def open(self) -> FileIO:
        """Open the file for unbuffered reading.

        Raises:
            CsvError: The file does not exist, cannot be read, or is not a regular file.
        """
        try:
            if is_folder(self.path):
                raise CsvError(
                    "this is a folder; rows are read from files",
                    name=self.name,
                    help=f'name its files: `from "{self.name.rstrip("/")}/*.csv"`',
                )
            if not is_file(self.path):
                exists = is_there(self.path)
                message = "this is not a regular file" if exists else "the file does not exist"
                raise CsvError(message, name=self.name, help="check the path")
            return self.path.open("rb", buffering=0)
        except OSError as error:
            what, remedy = explained(error, "check the path and its permissions")
            raise CsvError(
                f"the file cannot be read: {what}",
                name=self.name,
                help=remedy,
            ) from error

    def read_stamp(self, file: FileIO) -> Stamp:
        """Read the state of an open file."""
        status = os.fstat(file.fileno())
        return Stamp(status.st_size, status.st_mtime_ns)

    def check(self, file: FileIO, stamp: Stamp) -> None:
        """Check that an open file is still in the state of `stamp`.

        Raises:
            CsvError: The size or the modification time has changed.
        """
        now = self.read_stamp(file)
        if now.size != stamp.size:
            raise make_changed_error(self.name, f"it had {stamp.size} bytes and now has {now.size}")
        if now != stamp:
            raise make_changed_error(self.name, "it was modified after the scan")


def spool(
    stream: BinaryIO, directory: Path, *, name: str, compression: Compression | None = None
) -> ByteSource:
    """Copy a stream to a new file that only its owner can read (mode 0600 where modes exist).

    Args:
        stream: The stream; read to its end, not closed.
        directory: An existing folder for the copy.
        name: The name of the stream that the user knows.
        compression: How to decompress the stream; None to copy it as it is.

    Raises:
        CsvError: The stream fails, is not compressed although it should be, or the copy cannot be
            written. No copy remains.
    """
    try:
        handle, copy = tempfile.mkstemp(prefix="spool-", suffix=".csv", dir=directory)
    except OSError as error:
        raise make_copy_error(name, error) from error
    path = Path(copy)
    try:
        with os.fdopen(handle, "wb") as out, convert_damage(name, compression):
            opened = nullcontext(stream) if compression is None else compression.open(stream)
            with opened as plain:
                _copy(plain, out, name)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise make_copy_error(name, error) from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return ByteSource(name, path, spooled=True)


def _copy(stream: BinaryIO, out: BinaryIO, name: str) -> None:
    start = stream.read(_COPY_BYTES)
    if start and not start.strip(b"\0"):
        # As `/dev/zero` is, and what a sparse file gives: it may be as large as the disk.
        raise CsvError(
            "the data begin with NUL bytes only, so they hold no rows",
            name=name,
            help="check where they come from",
        )
    out.write(start)
    shutil.copyfileobj(stream, out, _COPY_BYTES)


def open_source(path: Path, directory: Path, *, name: str | None = None) -> ByteSource:
    """Open any path as a byte source: a plain file directly, a pipe or a compressed file as a copy.

    Args:
        path: A file, a named pipe or a device.
        directory: An existing folder for a copy, if one is needed.
        name: The path as the user wrote it.

    Raises:
        CsvError: The path cannot be read, or `spool` fails.
    """
    source = ByteSource.of(path, name=name)
    if not is_stream(path):
        with source.open():
            return source
    try:
        with path.open("rb") as stream:
            return spool(stream, directory, name=source.name, compression=find_compression(path))
    except OSError as error:
        raise make_copy_error(source.name, error) from error


def is_stream(path: Path) -> bool:
    """Return whether the data at a path can only be read once, from start to end."""
    if is_folder(path) or not is_there(path):
        return False
    return find_compression(path) is not None or not is_file(path)


def make_copy_error(name: str, error: OSError) -> CsvError:
    """Make the error for a stream that cannot be read, or whose copy cannot be written."""
    what, remedy = explained(
        error, "check the input, and the free space and permissions of the state folder"
    )
    return CsvError(
        f"the data cannot be copied to a local file: {what}",
        name=name,
        help=remedy,
    )
