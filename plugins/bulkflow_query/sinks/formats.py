"""One function for each format: it writes a file from a CSV file of rows.

A function gets the CSV file, the place to write to, and a checkpoint that it calls now and then; it
raises OSError if it cannot write. Nobody sees the file before it is whole.
"""

from __future__ import annotations

import os
from gzip import GzipFile
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from attrs import frozen

from bulkflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_BLOCK: Final = 1 << 20
_GZIP_LEVEL: Final = 1
"""As for uploads: higher levels take several times longer for a few per cent."""


@frozen
class Format:
    """A format of files.

    Attributes:
        suffix: The end of the names of its files.
        write: Writes a file: `write(rows, target, checkpoint)`.
    """

    suffix: str
    write: Callable[[Path, Path, Callable[[], None]], None]


def write_csv(rows: Path, target: Path, checkpoint: Callable[[], None]) -> None:
    """Write the rows as they are. Without a copy, if the folder's file system has links."""
    try:
        os.link(rows, target)
    except OSError:
        with rows.open("rb") as source, target.open("wb") as out:
            _copy(source, out, checkpoint)


def write_gzip(rows: Path, target: Path, checkpoint: Callable[[], None]) -> None:
    """Write the rows compressed with gzip. The same rows make the same bytes."""
    with rows.open("rb") as source, target.open("wb") as out:
        packer = cast("BinaryIO", GzipFile("", "wb", _GZIP_LEVEL, out, mtime=0))
        with packer:
            _copy(source, packer, checkpoint)


FORMATS: Final = (Format(".csv", write_csv), Format(".csv.gz", write_gzip))


def find_format(path: Path) -> Format:
    """Find the format of a file by its name.

    Raises:
        UsageError: The name has no known suffix.
    """
    name = path.name.lower()
    for each in FORMATS:
        if name.endswith(each.suffix):
            return each
    known = ", ".join(each.suffix for each in FORMATS)
    raise UsageError(
        f"{path.name}: unknown format of rows",
        help=f"give the file a name that ends in one of {known}",
    )


def _copy(source: BinaryIO, out: BinaryIO, checkpoint: Callable[[], None]) -> None:
    while block := source.read(_BLOCK):
        checkpoint()
        out.write(block)
