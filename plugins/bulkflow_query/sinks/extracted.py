"""What a format writes: the rows of an extract, as CSV with the types of its columns."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@frozen
class ExtractedCsv:
    """The rows to write.

    Attributes:
        path: A CSV file in UTF-8 with a header, whose rows end with LF.
        columns: The names of its columns.
        kinds: The type of each column in the words of the org, such as `datetime`; empty if it is
            not known or not needed.
        rows: Number of rows.
        folder: A private folder for data that does not fit into memory.
        checkpoint: Raises if the run is to stop; called now and then.
    """

    path: Path
    columns: tuple[str, ...]
    kinds: tuple[str, ...]
    rows: int
    folder: Path
    checkpoint: Callable[[], None]


def read_columns(header: str) -> tuple[str, ...]:
    """Read the names of the columns from the header line."""
    return tuple(next(csv.reader([header.rstrip("\r\n")]), []))
