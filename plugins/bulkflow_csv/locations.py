"""Open the data of a path, a glob or `-` for standard input."""

from __future__ import annotations

import glob
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from bulkflow.errors import DataError
from bulkflow.path_checks import is_file, is_there
from bulkflow.plugin import SourceBytes, SourceFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow.plugin import SourceData, SourceRequest

STANDARD_INPUT = "-"

_MAGIC = "*?["


def open_files(request: SourceRequest) -> Iterator[SourceData]:
    """Yield the data at a location, in the order of the file names.

    Raises:
        DataError: No file matches, a file name is not UTF-8, or standard input is closed.
    """
    location = _to_path(request.location)
    if location == STANDARD_INPUT:
        if sys.stdin is None:
            raise DataError(
                "standard input is closed, but the job reads its rows from it",
                place="stdin",
                help="redirect it: `bulkflow run FILE < rows.csv`; or name a file in the job",
            )
        yield SourceBytes("stdin", sys.stdin.buffer)
        return
    found = list(_find_files(location, request.folder))
    if not found:
        raise _make_missing_error(location, request.folder)
    for name in found:
        _check_name(name)
        yield SourceFile(name, request.folder / name)


def _check_name(name: str) -> None:
    """Raise `DataError` for a name that reports and the journal cannot encode."""
    if not name.isascii():
        try:
            name.encode()
        except UnicodeEncodeError as error:
            raise DataError(
                "the name of the file is not UTF-8", place=name, help="rename the file"
            ) from error


def _to_path(location: str) -> str:
    """Return the path of a `file://` URL, and any other location unchanged."""
    if "://" not in location:
        return location
    # Not urlsplit: its error messages quote the whole URL, which may contain a password.
    _, slash, path = location.partition("://")[2].partition("/")
    path = unquote(slash + path.partition("?")[0].partition("#")[0])
    # file:///C:/data/a.csv has a slash before the drive letter.
    return path[1:] if path[2:3] == ":" else path


def _find_files(location: str, folder: Path) -> Iterator[str]:
    # An existing file wins over a pattern: its name may contain brackets.
    if is_there(folder / location):
        yield location
    elif any(sign in location for sign in _MAGIC):
        # Not Path.glob, which rejects absolute patterns.
        for name in sorted(glob.glob(location, root_dir=folder, recursive=True)):  # noqa: PTH207
            if is_file(folder / name):
                yield Path(name).as_posix()


def _make_missing_error(location: str, folder: Path) -> DataError:
    if any(sign in location for sign in _MAGIC):
        message = "no file matches"
    else:
        message = "the file does not exist"
    return DataError(
        message,
        place=location,
        help="check the path; relative paths are resolved from the folder of the pipeline file, "
        f"{folder.absolute()}",
    )
