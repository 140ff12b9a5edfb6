"""Whether a file has the format that its name says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.errors import DataError
from bulkflow.system_errors import explained
from bulkflow_csv import find_foreign_format

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_START: int = 4096


def check_content(path: Path, name: str, what: str, fits: Callable[[bytes], bool]) -> None:
    """Check that a file begins as its format does.

    Args:
        path: The file.
        name: Its name for messages.
        what: The format, as in "a Parquet file".
        fits: Whether a file of the format may begin with these bytes.

    Raises:
        DataError: It is of another format, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            start = file.read(_START)
    except OSError as error:
        message, remedy = explained(error, "check the path and its permissions")
        raise DataError(f"the file cannot be read: {message}", place=name, help=remedy) from error
    if not start:
        raise DataError("the file is empty", place=name, help="check the program that wrote it")
    if fits(start):
        return
    found = find_foreign_format(start, name)
    if found is not None:
        raise DataError(f"the file is {found.what}", place=name, help=found.help)
    raise DataError(
        f"the file is not {what}",
        place=name,
        help="check the program that wrote it; if it is CSV, give it a name that ends in .csv",
    )
