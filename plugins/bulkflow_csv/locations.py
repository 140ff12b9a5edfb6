"""Locations that are paths: files, globs, standard input."""

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
    """The data at a location, in name order.

    Raises:
        DataError: no file matches, a name is not UTF-8, or standard input is closed.
    """
    location = _path(request.location)
    if location == STANDARD_INPUT:
        if sys.stdin is None:
            raise DataError(
                "standard input is closed, and the rows are to come from it",
                place="stdin",
                help="hand them over: `bulkflow run FILE < rows.csv`; or name a file in the job",
            )
        yield SourceBytes("stdin", sys.stdin.buffer)
        return
    found = list(_matching(location, request.folder))
    if not found:
        raise _missing(location, request.folder)
    for name in found:
        _refuse_odd_name(name)
        yield SourceFile(name, request.folder / name)


def _refuse_odd_name(name: str) -> None:
    """Raise DataError for a name that cannot be written down: in a report, or in the journal."""
    if not name.isascii():
        try:
            name.encode()
        except UnicodeEncodeError as error:
            raise DataError(
                "the name of the file is not UTF-8", place=name, help="give the file another name"
            ) from error


def _path(location: str) -> str:
    """The path of a `file://` URL; other locations as they are."""
    if "://" not in location:
        return location
    # Not urlsplit: what that says of an address that it cannot read quotes all of it.
    _, slash, path = location.partition("://")[2].partition("/")
    path = unquote(slash + path.partition("?")[0].partition("#")[0])
    # file:///C:/data/a.csv has a slash before the drive.
    return path[1:] if path[2:3] == ":" else path


def _matching(location: str, folder: Path) -> Iterator[str]:
    # A file whose name holds a bracket is itself before it is a pattern.
    if is_there(folder / location):
        yield location
    elif any(sign in location for sign in _MAGIC):
        # Not Path.glob: that takes no absolute patterns.
        for name in sorted(glob.glob(location, root_dir=folder, recursive=True)):  # noqa: PTH207
            if is_file(folder / name):
                yield Path(name).as_posix()


def _missing(location: str, folder: Path) -> DataError:
    if any(sign in location for sign in _MAGIC):
        message = "no file matches"
    else:
        message = "the file does not exist"
    return DataError(
        message,
        place=location,
        help=f"relative paths start at the folder of the pipeline file, {folder.absolute()}",
    )
