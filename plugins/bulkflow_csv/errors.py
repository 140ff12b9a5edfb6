"""Errors in a CSV file, with their position."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence


class CsvError(DataError):
    """A CSV file that cannot be loaded as it is.

    `place` reads `name:line N (record R, column C), byte offset B`. The attributes hold the same
    values; an unknown one, or one without meaning here, is None.

    Args:
        message: What is wrong, without a full stop.
        name: The file name as the user wrote it.
        offset: The byte offset in the file, from 0, including a byte order mark.
        line: The physical line, from 1. Every line feed ends a line, also inside quotes.
        record: The data row, from 1; 0 is the header.
        column: The column, from 1; None if the error concerns the whole record.
        help: How to fix it.
        notes: Additional facts.
    """

    def __init__(
        self,
        message: str,
        *,
        name: str,
        offset: int | None = None,
        line: int | None = None,
        record: int | None = None,
        column: int | None = None,
        help: str | None = None,  # noqa: A002 - the word that users see
        notes: Sequence[str] = (),
    ) -> None:
        place = name
        if line is not None:
            place += f":line {line}"
        inner = []
        if record is not None:
            inner.append(f"record {record}" if record else "header")
        if column is not None:
            inner.append(f"column {column}")
        if inner:
            place += f" ({', '.join(inner)})"
        if offset is not None:
            place += f", byte offset {offset}"
        super().__init__(message, place=place, help=help, notes=notes)
        self.name = name
        self.offset = offset
        self.line = line
        self.record = record
        self.column = column


def make_changed_error(name: str, detail: str) -> CsvError:
    """Make the error for a file that changed after it was scanned."""
    return CsvError(
        f"the file changed while it was read: {detail}",
        name=name,
        help="let the program that writes the file finish, then run again",
    )
