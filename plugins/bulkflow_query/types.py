"""The slot type of queries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.model.value import Text, plain
from bulkflow.plugin import PlacedError, ValueType
from bulkflow_soql.interpolation import write_value

if TYPE_CHECKING:
    from bulkflow.model.value import Value

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
        raise PlacedError(error.problem, error.at, _advise(text, error.at)) from error
    return text


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


VALUE_TYPES = (ValueType("soql", SOQL_SHOWS, _parse_soql, interpolate=write_value),)
