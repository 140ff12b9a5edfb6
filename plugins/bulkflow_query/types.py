"""The slot types of queries and their conditions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bulkflow.model.value import Text, plain
from bulkflow.plugin import PlacedError, ValueType
from bulkflow_soql.interpolation import write_value

if TYPE_CHECKING:
    from bulkflow.model.value import Value

_WORD = re.compile(r"\w+")

SOQL_SHOWS = 'a query in quotes, such as "SELECT Id, Name FROM Account"'


def _parse_soql(value: Value) -> str:
    from bulkflow_soql import SoqlError, parse

    if not isinstance(value, Text):
        raise ValueError(f"takes {SOQL_SHOWS}")  # noqa: TRY004 - as converters do
    text = plain(value)
    try:
        parse(text)
    except SoqlError as error:
        if error.at is None:
            raise ValueError(f"takes a valid query: {error.problem}") from error
        raise _place(error.problem, text, error.at) from error
    return text


def _place(problem: str, text: str, at: int) -> PlacedError:
    """Make the error for the word at an offset."""
    word = _WORD.match(text, at)
    return PlacedError(problem, at, _advise(text, at), length=len(word[0]) if word else 1)


def _advise(text: str, at: int) -> str:
    """Return the help for a query that cannot be parsed."""
    before = text[:at].split()
    if not before:
        return "a query starts with SELECT"
    if text[at : at + 1] == "*":
        return "SOQL has no *: name the fields, or write FIELDS(ALL) with a LIMIT of at most 200"
    if text[at:].strip().lower() in {"", "from"} or before[-1].endswith(","):
        return "a query reads SELECT Id, Name FROM Account WHERE …"
    return f"look at what is before it: … {' '.join(before[-3:])}"


CONDITION_SHOWS = "a condition in quotes, such as \"CreatedDate = TODAY AND Name != 'Acme'\""
_BEFORE_CONDITION = "SELECT Id FROM X WHERE "


def _parse_condition(value: Value) -> str:
    from bulkflow_soql import SoqlError, parse

    if not isinstance(value, Text):
        raise ValueError(f"takes {CONDITION_SHOWS}")  # noqa: TRY004 - as converters do
    text = plain(value)
    try:
        query = parse(_BEFORE_CONDITION + text)
    except SoqlError as error:
        if error.at is None or not text.strip():
            raise ValueError(f"takes {CONDITION_SHOWS}") from error
        at = max(0, error.at - len(_BEFORE_CONDITION))
        raise _place(error.problem, text, at) from error
    assert query.where_span is not None
    if query.where_span[1] < len(_BEFORE_CONDITION + text.rstrip()):
        at = query.where_span[1] - len(_BEFORE_CONDITION)
        raise PlacedError("a condition ends before this", at, "remove what follows it")
    return text


VALUE_TYPES = (
    ValueType("soql", SOQL_SHOWS, _parse_soql, interpolate=write_value),
    ValueType("soql_condition", CONDITION_SHOWS, _parse_condition, interpolate=write_value),
)
