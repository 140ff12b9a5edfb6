"""The columns of rewritten rows, and the encoding of their values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from bulkflow_csv.header import Header, check_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow_csv.head import Head
    from bulkflow_csv.limits import FormatLimits

NULL: Final = "#N/A"
"""The value that clears a field in Salesforce; a blank leaves the field unchanged (guide v66)."""

_BREAK: Final = re.compile(r"\r\n|\r|\n")


@frozen
class Column:
    """A column of rewritten rows.

    Attributes:
        name: Its name in the header.
        index: Index, from 0, of the column in the file that supplies the values; None for a
            constant.
        constant: The value in every row, if `index` is None.
        is_made: Whether the values are made elsewhere, row by row; `index` is None then.
    """

    name: str
    index: int | None
    constant: str = ""
    is_made: bool = False


@frozen
class Layout:
    """The columns and format of rewritten rows.

    Attributes:
        columns: The new columns. Those with an index are in the order of the file.
        nulls: Values in the file that are replaced with `#N/A`.
        delimiter: The new delimiter, one character.
    """

    columns: tuple[Column, ...]
    nulls: tuple[str, ...] = ()
    delimiter: str = ","

    @property
    def names(self) -> tuple[str, ...]:
        """The column names of the new header."""
        return tuple(column.name for column in self.columns)

    def changes_rows(self, head: Head) -> bool:
        """Return whether the rows change, and not only the header."""
        indexes = [column.index for column in self.columns]
        same = indexes == list(range(len(head.header.columns)))
        return bool(self.nulls) or not same or self.delimiter != head.dialect.delimiter


def rename_columns(head: Head, names: Sequence[str], limits: FormatLimits) -> Head:
    """Return the head with other column names for the header that parts are sent with.

    Raises:
        CsvError: The API does not accept a header with these names.
    """
    check_columns(names, name=head.source.name, limits=limits)
    raw = encode_row(names, head.dialect.delimiter, head.dialect.line_end)
    return evolve(head, sent_header=Header(tuple(names), raw))


def encode_row(values: Sequence[str], delimiter: str, line_end: bytes) -> bytes:
    """Encode a record, including its line end."""
    sole = len(values) == 1
    encoded = [encode_value(value, delimiter, line_end, sole=sole) for value in values]
    return delimiter.encode().join(encoded) + line_end


def encode_value(value: str, delimiter: str, line_end: bytes, *, sole: bool = False) -> bytes:
    """Encode a value, quoted if necessary, with the line breaks of the file.

    Args:
        value: The value.
        delimiter: The column delimiter.
        line_end: The line end of the file, also used inside quotes.
        sole: Whether it is the only value of its record, which must not become a blank line.
    """
    value = _BREAK.sub(line_end.decode(), value)
    if any(character in value for character in (delimiter, '"', "\n")) or (sole and not value):
        value = '"' + value.replace('"', '""') + '"'
    return value.encode()
