"""The first record of a file: the names of its columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from bulkflow_csv.errors import CsvError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow_csv.limits import FormatLimits


@attrs.frozen
class Header:
    """The header of a file.

    Attributes:
        columns: The names, without quotes.
        raw: Its bytes as in the file, line end included, byte order mark excluded.
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
    """See that names can be those of an ingest job's columns.

    Args:
        columns: The names.
        name: The file, as the user knows it.
        limits: What the API takes.
        offset: Where the header starts, if there is a file yet.

    Raises:
        CsvError: There are too many, one is empty, or two are the same but for upper case.
    """
    line = None if offset is None else 1

    def fault(message: str, column: int | None, advice: str) -> CsvError:
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
        raise fault(
            f"the header has {len(columns)} columns, more than {limits.columns}",
            None,
            "Salesforce takes no wider records; load fewer columns",
        )
    seen: dict[str, int] = {}
    for number, column in enumerate(columns, 1):
        if not column.strip():
            raise fault(
                "a column of the header has no name",
                number,
                "give every column the API name of a field; a header line is required",
            )
        first = seen.setdefault(column.lower(), number)
        if first != number:
            raise fault(
                f"column {column} stands in the header twice, as columns {first} and {number}",
                number,
                "remove or rename one of them; field names do not differ by upper case",
            )
