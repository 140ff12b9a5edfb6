"""Values in a query: written so that no value can change what the query says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bulkflow.model.value import Boolean, Integer, Name, Text, plain

if TYPE_CHECKING:
    from bulkflow.model.value import Value

_MOMENT: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:?\d{2}))?", re.ASCII
)
_API_NAME: Final = re.compile(r"[A-Za-z]\w*(?:\.[A-Za-z]\w*)*", re.ASCII)
_QUOTE: Final = re.compile(r"\\.|'", re.DOTALL)
_ESCAPES: Final = {
    "\\": "\\\\",
    "'": "\\'",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\b": "\\b",
    "\f": "\\f",
}
_SPECIAL: Final = re.compile("[" + re.escape("".join(_ESCAPES)) + "]")


def write_value(before: str, value: Value) -> str:
    """Write a value at the end of the beginning of a query.

    Inside of quotes, everything is text. Elsewhere, a text becomes a quoted text, unless it is a
    date or a time; numbers and `true` are written as they are; a bare name is that of an object or
    a field.

    Raises:
        ValueError: SOQL has no such value.
    """
    if is_inside_quotes(before):
        return escape(plain(value))
    match value:
        case Integer() | Boolean():
            return plain(value)
        case Name() if _API_NAME.fullmatch(value.name):
            return value.name
        case Text():
            text = plain(value)
            return text if _MOMENT.fullmatch(text) else f"'{escape(text)}'"
        case _:
            raise ValueError(
                "takes texts, numbers, dates, true and false, and names of objects and fields in "
                "its braces"
            )


def escape(text: str) -> str:
    """Escape a text for its place between single quotes."""
    return _SPECIAL.sub(lambda found: _ESCAPES[found[0]], text)


def is_inside_quotes(before: str) -> bool:
    """Return whether a beginning of a query ends inside of single quotes."""
    inside = False
    for found in _QUOTE.finditer(before):
        # Outside of quotes a backslash is an error, which the parser reports.
        if found[0] == "'":
            inside = not inside
        elif not inside and found[0].endswith("'"):
            inside = True
    return inside
