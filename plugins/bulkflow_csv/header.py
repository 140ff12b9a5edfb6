"""The header of a file: the names of its columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow_csv.errors import CsvError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow_csv.limits import FormatLimits


@frozen
class Header:
    """The header of a file.

    Attributes:
        columns: The column names, without quotes.
        raw: The bytes in the file, including the line end, without a byte order mark.
    """

    columns: tuple[str, ...]
    raw: bytes

    @property
    def size(self) -> int:
        """Bytes that the header adds to each part."""
        return len(self.raw)


def check_columns(
    columns: Sequence[str], *, name: str, limits: FormatLimits, offset: int | None = None
) -> None:
    """Check that an ingest job accepts these column names.

    Args:
        columns: The names.
        name: The file name as the user wrote it.
        limits: The limits of the API.
        offset: Byte offset of the header; None if no file exists yet.

    Raises:
        CsvError: There are too many names, one is empty, or two differ only in case.
    """
    line = None if offset is None else 1

    def make_error(message: str, column: int | None, advice: str) -> CsvError:
        return CsvError(
            message,
            name=name,
            offset=offset,
            line=line,
            record=0,
            column=column,
            help=advice,
        )

    if len(columns) > limits.columns:
        raise make_error(
            f"the header has {len(columns)} columns, more than {limits.columns}",
            None,
            f"load fewer columns; Salesforce accepts at most {limits.columns}",
        )
    seen: dict[str, int] = {}
    for number, column in enumerate(columns, 1):
        if not column.strip():
            raise make_error(
                "a column in the header has no name",
                number,
                "give every column the API name of a field; a header line is required",
            )
        first = seen.setdefault(column.lower(), number)
        if first != number:
            raise make_error(
                f"column {column} appears twice in the header, as columns {first} and {number}",
                number,
                "remove or rename one of them; field names are not case-sensitive",
            )
