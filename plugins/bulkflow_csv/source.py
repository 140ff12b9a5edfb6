"""Where the bytes are: a local file that can be read at any offset.

Whatever cannot be read at any offset (standard input, a pipe, a compressed file) is copied to a
file first, in bounded memory.
"""

from __future__ import annotations

import gzip
import os
import shutil
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import attrs

from bulkflow.path_checks import is_file, is_folder, is_there
from bulkflow.system_errors import explained
from bulkflow_csv.errors import CsvError, file_changed

if TYPE_CHECKING:
    from io import FileIO

_COPY_BYTES = 1 << 20


@attrs.frozen
class Stamp:
    """What tells one state of a file from the next: its size in bytes and when it was written.

    Attributes:
        size: Bytes.
        modified_ns: Nanoseconds since the epoch.
    """

    size: int
    modified_ns: int


@attrs.frozen
class ByteSource:
    """A file whose bytes are to be loaded.

    Attributes:
        name: The file as the user knows it: `export/accounts-1.csv`, or `stdin`.
        path: The file that holds the bytes.
        spooled: The file is a copy that bulkflow made; whoever asked for it removes it.
    """

    name: str
    path: Path
    spooled: bool = False

    @classmethod
    def of(cls, path: Path, *, name: str | None = None) -> ByteSource:
        """The source for a regular file; `name` is how the user wrote it."""
        return cls(name if name is not None else str(path), path)

    def open(self) -> FileIO:
        """Open the file for unbuffered reading.

        Raises:
            CsvError: It is not there, may not be read, or is no regular file.
        """
        try:
            if is_folder(self.path):
                raise CsvError(
                    "this is a folder, and rows are read from files",
                    name=self.name,
                    help=f'name its files: `from "{self.name.rstrip("/")}/*.csv"`',
                )
            if not is_file(self.path):
                reason = "is not a file" if is_there(self.path) else "does not exist"
                raise CsvError(f"the file {reason}", name=self.name, help="check the path")
            return self.path.open("rb", buffering=0)
        except OSError as error:
            what, remedy = explained(error, "check the path and its permissions")
            raise CsvError(
                f"the file cannot be read: {what}",
                name=self.name,
                help=remedy,
            ) from error

    def stamp(self, file: FileIO) -> Stamp:
        """The state of the open file."""
        status = os.fstat(file.fileno())
        return Stamp(status.st_size, status.st_mtime_ns)

    def check(self, file: FileIO, stamp: Stamp) -> None:
        """See that the open file is still in the state of `stamp`.

        Raises:
            CsvError: It has another size, or was written since.
        """
        now = self.stamp(file)
        if now.size != stamp.size:
            raise file_changed(self.name, f"it had {stamp.size} bytes and has {now.size} now")
        if now != stamp:
            raise file_changed(self.name, "it was written to after it had been scanned")


def spool(stream: BinaryIO, directory: Path, *, name: str, gzipped: bool = False) -> ByteSource:
    """Copy a stream to a new file that only its owner may read (mode 0600 where modes exist).

    Args:
        stream: Where the bytes come from; read to its end, not closed.
        directory: An existing folder for the copy.
        name: What the user calls the stream.
        gzipped: The stream is gzip; the copy is not.

    Raises:
        CsvError: The stream breaks off, is not the gzip that it should be, or the copy cannot be
            written. No copy is left.
    """
    try:
        handle, copy = tempfile.mkstemp(prefix="spool-", suffix=".csv", dir=directory)
    except OSError as error:
        raise not_copied(name, error) from error
    path = Path(copy)
    try:
        with os.fdopen(handle, "wb") as out:
            if gzipped:
                with gzip.GzipFile(fileobj=stream, mode="rb") as plain:
                    _copy(plain, out, name)
            else:
                _copy(stream, out, name)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        path.unlink(missing_ok=True)
        raise not_gzip(name, error) from error
    except OSError as error:
        path.unlink(missing_ok=True)
        raise not_copied(name, error) from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return ByteSource(name, path, spooled=True)


def _copy(stream: BinaryIO | gzip.GzipFile, out: BinaryIO, name: str) -> None:
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
    """The source for whatever `path` is: a file as it is, a pipe or a `.gz` as a copy.

    Args:
        path: A file, a named pipe or a device.
        directory: An existing folder for a copy, if one is needed.
        name: How the user wrote the path.

    Raises:
        CsvError: The path cannot be read, or `spool` fails.
    """
    source = ByteSource.of(path, name=name)
    if not is_stream(path):
        with source.open():
            return source
    try:
        with path.open("rb") as stream:
            return spool(stream, directory, name=source.name, gzipped=is_gzip(path))
    except OSError as error:
        raise not_copied(source.name, error) from error


def is_stream(path: Path) -> bool:
    """Whether what is at a path can only be read from its beginning to its end, once."""
    if is_folder(path) or not is_there(path):
        return False
    return is_gzip(path) or not is_file(path)


def is_gzip(path: Path) -> bool:
    """Whether a path is named as a compressed file."""
    return path.suffix.lower() == ".gz"


def not_gzip(name: str, error: Exception) -> CsvError:
    """The error for what should be gzip and is not, or breaks off."""
    if isinstance(error, EOFError):
        what = "the file is not whole gzip: it breaks off before its end"
    elif str(error).startswith("Not a gzipped file"):
        # In Python's words, with the bytes that it found; also of what follows whole gzip.
        what = "the file is called .gz, and what is in it is not gzip, or not all of it"
    else:
        what = "the file is not whole gzip: its data are damaged"
    return CsvError(
        what,
        name=name,
        help="compress it again, or name it without .gz if it is plain CSV",
    )


def not_copied(name: str, error: OSError) -> CsvError:
    """The error for a stream that cannot be read, or not be kept."""
    what, remedy = explained(
        error, "check the input, and the space and permissions of the state folder"
    )
    return CsvError(
        f"the data cannot be copied to a local file: {what}",
        name=name,
        help=remedy,
    )
