"""The slot types of ingest jobs: objects, fields, columns, ids, limits and selections of rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow.model.value import Integer, Name, Percent, Text, plain
from bulkflow.plugin import ValueType

if TYPE_CHECKING:
    from bulkflow.model.part import Counts
    from bulkflow.model.value import Value

SELECTIONS = ("successful", "failed", "unprocessed", "withheld", "unknown", "all")
"""The selections of a job's rows, by outcome."""

DELIMITER_WORDS = ("comma", "semicolon", "pipe", "tab", "caret", "backquote")
LINE_ENDING_WORDS = ("LF", "CRLF")

_API_NAME = re.compile(r"[A-Za-z]\w*")
_FIELD = re.compile(r"[A-Za-z]\w*(:[A-Za-z]\w*)?(\.[A-Za-z]\w*)?")
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")


@frozen
class Limit:
    """A number of rows, or a percentage of a job's rows."""

    rows: int | None = None
    percent: float | None = None

    def __str__(self) -> str:
        return f"{self.rows:,}" if self.rows is not None else f"{self.percent:g}%"

    def is_reached(self, rows: int, total: int) -> bool:
        """Return whether this many rows of a total are at the limit or over it."""
        if self.rows is not None:
            return rows >= self.rows
        assert self.percent is not None
        # 0 of 0 rows are under any limit. Comparing without division avoids rounding.
        return rows > 0 and rows * 100 >= self.percent * total

    def is_exceeded(self, rows: int, total: int) -> bool:
        """Return whether this many rows of a total are over the limit."""
        if self.rows is not None:
            return rows > self.rows
        assert self.percent is not None
        return rows * 100 > self.percent * total


def count_selected(counts: Counts, selection: str) -> int:
    """Return how many rows a selection has."""
    match selection:
        case "successful":
            return counts.loaded
        case "all":
            return counts.rows
        case _:
            return counts.not_loaded.get(selection, 0)


def _match(pattern: re.Pattern[str], what: str, value: Value) -> str:
    if isinstance(value, Name | Text) and pattern.fullmatch(plain(value)):
        return plain(value)
    raise ValueError(f"takes {what}")


def _parse_object(value: Value) -> str:
    return _match(_API_NAME, OBJECT_SHOWS, value)


def _parse_field(value: Value) -> str:
    return _match(_FIELD, FIELD_SHOWS, value)


def _parse_id(value: Value) -> str:
    return _match(_ID, ID_SHOWS, value)


def _parse_limit(value: Value) -> Limit:
    match value:
        case Integer():
            return Limit(rows=value.number)
        case Percent() if value.percent <= 100:
            return Limit(percent=value.percent)
        case Percent():
            raise ValueError("takes a percentage of at most 100%")
        case _:
            raise ValueError(f"takes {LIMIT_SHOWS}")


def _parse_choice(words: tuple[str, ...], value: Value) -> str:
    if isinstance(value, Name | Text):
        for word in words:
            if plain(value).lower() == word.lower():
                return word
    raise ValueError(f"takes one of {', '.join(words)}")


def _parse_selection(value: Value) -> str:
    return _parse_choice(SELECTIONS, value)


def _parse_delimiter(value: Value) -> str:
    if isinstance(value, Text) and plain(value).lower() not in DELIMITER_WORDS:
        if re.fullmatch(r'[^"\r\n\0]+', plain(value)):
            return plain(value)
        raise ValueError("takes text without quotes or line breaks")
    return _parse_choice(DELIMITER_WORDS, value)


def _parse_column(value: Value) -> str:
    if isinstance(value, Name | Text) and plain(value).strip():
        return plain(value)
    raise ValueError(f"takes {COLUMN_SHOWS}")


def _parse_line_ending(value: Value) -> str:
    return _parse_choice(LINE_ENDING_WORDS, value)


OBJECT_SHOWS = "an object's API name, such as Account or Invoice__c"
FIELD_SHOWS = "a field's API name, such as External_Id__c"
COLUMN_SHOWS = 'the name of a column, such as Name or "Billing Street"'
ID_SHOWS = "an id of 15 or 18 characters"
LIMIT_SHOWS = "a number of rows or a percentage, such as 100 or 1%"

VALUE_TYPES = (
    ValueType("object", OBJECT_SHOWS, _parse_object),
    ValueType("field", FIELD_SHOWS, _parse_field),
    ValueType("column", COLUMN_SHOWS, _parse_column),
    ValueType("id", ID_SHOWS, _parse_id),
    ValueType("limit", LIMIT_SHOWS, _parse_limit),
    ValueType(
        "rows",
        f"one of {', '.join(SELECTIONS)}",
        _parse_selection,
        constants=False,
        choices=SELECTIONS,
    ),
    ValueType(
        "delimiter",
        f'one of {", ".join(DELIMITER_WORDS)}, or text such as "~"',
        _parse_delimiter,
        constants=False,
        choices=DELIMITER_WORDS,
    ),
    ValueType(
        "line_ending",
        f"one of {', '.join(LINE_ENDING_WORDS)}",
        _parse_line_ending,
        constants=False,
        choices=LINE_ENDING_WORDS,
    ),
)
