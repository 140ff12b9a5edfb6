"""Which columns new rows have, and how a value of theirs is written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import attrs

from bulkflow_csv.header import Header, check_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow_csv.head import Head
    from bulkflow_csv.limits import FormatLimits

NULL: Final = "#N/A"
"""What Salesforce takes for "no value": it clears a field, where a blank leaves it (guide v66)."""

_BREAK: Final = re.compile(r"\r\n|\r|\n")


@attrs.frozen
class Column:
    """A column of new rows.

    Attributes:
        name: Its name in the header.
        place: The number, from 0, of the file's column whose values it has; None if all its values
            are `constant`.
        constant: The value of every row, where there is no `place`.
    """

    name: str
    place: int | None
    constant: str = ""


@attrs.frozen
class Layout:
    """What the rows of a file become.

    Attributes:
        columns: The new columns. Those with a place stand in the order of the file.
        nulls: Values of the file that become `#N/A`.
        delimiter: The new delimiter, one character.
    """

    columns: tuple[Column, ...]
    nulls: tuple[str, ...] = ()
    delimiter: str = ","

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the new header."""
        return tuple(column.name for column in self.columns)

    def rewrites(self, head: Head) -> bool:
        """Whether the rows differ from those of the file, and not just their header."""
        places = [column.place for column in self.columns]
        same = places == list(range(len(head.header.columns)))
        return bool(self.nulls) or not same or self.delimiter != head.dialect.delimiter


def renamed(head: Head, names: Sequence[str], limits: FormatLimits) -> Head:
    """The head of the same file, whose parts are sent with other names for its columns.

    Raises:
        CsvError: The API takes no header of these names.
    """
    check_columns(names, name=head.source.name, limits=limits)
    raw = spell_row(names, head.dialect.delimiter, head.dialect.line_end)
    return attrs.evolve(head, sent=Header(tuple(names), raw))


def spell_row(values: Sequence[str], delimiter: str, line_end: bytes) -> bytes:
    """A record as bytes, its line end included."""
    sole = len(values) == 1
    spelled = [spell(value, delimiter, line_end, sole=sole) for value in values]
    return delimiter.encode().join(spelled) + line_end


def spell(value: str, delimiter: str, line_end: bytes, *, sole: bool = False) -> bytes:
    """A value as bytes, in quotes where it needs them, its line breaks as those of the file.

    `sole` values are the only ones of their record, which must not become a blank line.
    """
    value = _BREAK.sub(line_end.decode(), value)
    if any(sign in value for sign in (delimiter, '"', "\n")) or (sole and not value):
        value = '"' + value.replace('"', '""') + '"'
    return value.encode()
