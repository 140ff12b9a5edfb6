"""Files written anew, into a folder of bulkflow's own; only their owner may read them."""

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


def written_anew(
    source: ByteSource,
    directory: Path,
    blocks: Callable[[FileIO], Iterator[bytes]],
    *,
    prefix: str,
) -> ByteSource:
    """A new file of what `blocks` makes of a file; on any error none is left.

    Args:
        source: The file.
        directory: An existing folder for the new one.
        blocks: Gives the new bytes of the open file, in bounded memory.
        prefix: What the new file's name begins with.

    Raises:
        CsvError: The file cannot be read, or the new one not be written.
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
                f"the file cannot be written anew: {error.strerror or error}",
                name=source.name,
                help="check the input, and the space and permissions of the state folder",
            ) from error
        raise
    return ByteSource(source.name, path, spooled=True)
