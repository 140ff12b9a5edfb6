"""What is wrong with a CSV file, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence


class CsvError(DataError):
    """A CSV file that cannot be loaded as it is.

    `place` reads `name:line N (record R, column C), byte offset B`; the same facts stand in the
    attributes, None where they are not known or do not apply.

    Args:
        message: What is wrong, without a full stop.
        name: The file, as the user knows it.
        offset: The byte in the file, from 0, a byte order mark included.
        line: The physical line, from 1; lines end at line feeds, inside quotes too.
        record: The data row, from 1; 0 is the header.
        column: The column, from 1; None where the fault is the whole record's.
        help: What to do about it.
        notes: Facts that belong to it.
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


def file_changed(name: str, detail: str) -> CsvError:
    """The error for a file that is no longer the one that was scanned."""
    return CsvError(
        f"the file changed while it was read: {detail}",
        name=name,
        help="let the program that writes the file finish, then run again",
    )
