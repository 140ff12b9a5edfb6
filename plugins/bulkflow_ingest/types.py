"""The types of slots that are about Salesforce."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow.model.value import Integer, Name, Percent, Text, plain
from bulkflow.plugin import ValueType

if TYPE_CHECKING:
    from bulkflow.model.value import Value

SELECTIONS = ("successful", "failed", "unprocessed", "withheld", "unknown", "all")
"""Which rows of a job a step is about."""

DELIMITER_WORDS = ("comma", "semicolon", "pipe", "tab", "caret", "backquote")
LINE_ENDING_WORDS = ("LF", "CRLF")

_API_NAME = re.compile(r"[A-Za-z]\w*")
_FIELD = re.compile(r"[A-Za-z]\w*(:[A-Za-z]\w*)?(\.[A-Za-z]\w*)?")
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")


@frozen
class Limit:
    """A number of rows, or a share of a job's rows in percent."""

    rows: int | None = None
    percent: float | None = None

    def __str__(self) -> str:
        return f"{self.rows:,}" if self.rows is not None else f"{self.percent:g}%"

    def exceeded(self, rows: int, total: int) -> bool:
        """Whether so many rows of a total are not under the limit."""
        if self.rows is not None:
            return rows >= self.rows
        assert self.percent is not None
        # 0 of 0 rows is under any limit; multiplied out, so that no rounding decides.
        return rows > 0 and rows * 100 >= self.percent * total


def _matching(pattern: re.Pattern[str], what: str, value: Value) -> str:
    if isinstance(value, Name | Text) and pattern.fullmatch(plain(value)):
        return plain(value)
    raise ValueError(f"takes {what}")


def _object(value: Value) -> str:
    return _matching(_API_NAME, OBJECT_SHOWS, value)


def _field(value: Value) -> str:
    return _matching(_FIELD, FIELD_SHOWS, value)


def _id(value: Value) -> str:
    return _matching(_ID, ID_SHOWS, value)


def _limit(value: Value) -> Limit:
    match value:
        case Integer():
            return Limit(rows=value.number)
        case Percent() if value.percent <= 100:
            return Limit(percent=value.percent)
        case Percent():
            raise ValueError("takes a percentage of at most 100%")
        case _:
            raise ValueError(f"takes {LIMIT_SHOWS}")


def _one_of(words: tuple[str, ...], value: Value) -> str:
    if isinstance(value, Name | Text):
        for word in words:
            if plain(value).lower() == word.lower():
                return word
    raise ValueError(f"takes one of {', '.join(words)}")


def _selection(value: Value) -> str:
    return _one_of(SELECTIONS, value)


def _delimiter(value: Value) -> str:
    if isinstance(value, Text) and plain(value).lower() not in DELIMITER_WORDS:
        if re.fullmatch(r'[^"\r\n\0]+', plain(value)):
            return plain(value)
        raise ValueError("takes a text without quotes and line breaks")
    return _one_of(DELIMITER_WORDS, value)


def _column(value: Value) -> str:
    if isinstance(value, Name | Text) and plain(value).strip():
        return plain(value)
    raise ValueError(f"takes {COLUMN_SHOWS}")


def _line_ending(value: Value) -> str:
    return _one_of(LINE_ENDING_WORDS, value)


OBJECT_SHOWS = "an object's API name, such as Account or Invoice__c"
FIELD_SHOWS = "a field's API name, such as External_Id__c"
COLUMN_SHOWS = 'the name of a column, such as Name or "Billing Street"'
ID_SHOWS = "an id of 15 or 18 characters"
LIMIT_SHOWS = "a number of rows or a percentage, such as 100 or 1%"

VALUE_TYPES = (
    ValueType("object", OBJECT_SHOWS, _object),
    ValueType("field", FIELD_SHOWS, _field),
    ValueType("column", COLUMN_SHOWS, _column),
    ValueType("id", ID_SHOWS, _id),
    ValueType("limit", LIMIT_SHOWS, _limit),
    ValueType(
        "rows", f"one of {', '.join(SELECTIONS)}", _selection, constants=False, choices=SELECTIONS
    ),
    ValueType(
        "delimiter",
        f'one of {", ".join(DELIMITER_WORDS)}, or a text such as "~"',
        _delimiter,
        constants=False,
        choices=DELIMITER_WORDS,
    ),
    ValueType(
        "line_ending",
        f"one of {', '.join(LINE_ENDING_WORDS)}",
        _line_ending,
        constants=False,
        choices=LINE_ENDING_WORDS,
    ),
)
