"""Which errors of rows say the same thing: those that differ only by values of the rows.

One rule for Python and for DuckDB, whose regular expressions are RE2's: the patterns below mean the
same to both. What counts as a row's value is what is in quotes, an id, a number or a moment,
and what Salesforce's own texts put behind their words. Words that an administrator or a developer
wrote are never taken for a value, so two validation rules stay two errors.
"""

from __future__ import annotations

import re
from typing import Final

_VALUE: Final = "…"

_FIELDS: Final = r":[^:]*--[ \t\r\n]*"
"""How an error ends: with the names of its fields."""

_OWN_TEXTS: Final = tuple(
    f"^({code}:.*?{words}).*({end})$"
    for code, words, end in (
        ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "restricted picklist field: ", _FIELDS),
        ("STRING_TOO_LONG", "data value too large: ", rf" \(max length=[0-9]+\){_FIELDS}"),
        ("INVALID_EMAIL_ADDRESS", "invalid email address: ", _FIELDS),
        ("DUPLICATE_VALUE", "Duplicate external id specified: ", _FIELDS),
        ("INVALID_FIELD", "Foreign key external ID: ", f" not found for field .*{_FIELDS}"),
        ("MALFORMED_ID", "malformed id ", _FIELDS),
    )
)
"""Salesforce's texts that hold a value without quotes, each by the code that it comes with."""

_SIGN: Final = "[0-9A-Za-z]"

_ID: Final = "|".join(f"{_SIGN}{{{before}}}[0-9]{_SIGN}{{{14 - before}}}" for before in range(5, 9))
"""Fifteen characters, one of those in the middle a digit, as no word has."""

_VALUES: Final = "|".join(
    (
        '"[^"]*"',
        # Not an apostrophe: no letter stands before the first, or after the second.
        r"\B'[^']*'\B",
        rf"\b(?:{_ID})(?:{_SIGN}{{3}})?\b",
        r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(?:Z\b|[+-][0-9:]+\b|\b)",
        r"-?\b[0-9]+(?:[.,:/-][0-9]+)*(?:[eE][+-]?[0-9]+)?\b",
    )
)

_OWN: Final = tuple(re.compile(pattern, re.ASCII | re.DOTALL) for pattern in _OWN_TEXTS)
_ANY: Final = re.compile(_VALUES, re.ASCII | re.DOTALL)


def without_values(error: str) -> str:
    """An error without values of the row: the same for errors that say the same thing."""
    for pattern in _OWN:
        error = pattern.sub(rf"\1{_VALUE}\2", error)
    return _ANY.sub(_VALUE, error)


def without_values_sql(error: str) -> str:
    """The same as SQL, for an expression that is an error's text."""
    for pattern in _OWN_TEXTS:
        error = f"regexp_replace({error}, {_quoted(pattern)}, '\\1{_VALUE}\\2', 's')"
    return f"regexp_replace({error}, {_quoted(_VALUES)}, '{_VALUE}', 'gs')"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
