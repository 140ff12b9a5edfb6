"""Write transformed copies of files into a private folder."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bulkflow_csv.errors import CsvError
from bulkflow_csv.source import ByteSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import FileIO


def write_copy(
    source: ByteSource,
    directory: Path,
    blocks: Callable[[FileIO], Iterator[bytes]],
    *,
    prefix: str,
) -> ByteSource:
    """Write a transformed copy of a file that only its owner can read.

    Args:
        source: The file.
        directory: An existing folder for the copy.
        blocks: Reads the open file and yields the transformed bytes, in constant memory.
        prefix: The prefix of the copy's file name.

    Raises:
        CsvError: The file cannot be read, or the copy cannot be written. No copy remains.
    """
    path: Path | None = None
    try:
        with source.open() as file:
            handle, name = tempfile.mkstemp(prefix=prefix, suffix=".csv", dir=directory)
            path = Path(name)
            with os.fdopen(handle, "wb") as out:
                for block in blocks(file):
                    out.write(block)
    except BaseException as error:
        if path is not None:
            path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise CsvError(
                f"the rewritten copy of the file cannot be saved: {error.strerror or error}",
                name=source.name,
                help="check the input, and the free space and permissions of the state folder",
            ) from error
        raise
    return ByteSource(source.name, path, spooled=True)
