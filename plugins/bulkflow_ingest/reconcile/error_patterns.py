"""Groups errors of rows that differ only by values of the rows.

One rule for Python and for DuckDB, which uses RE2: the patterns below mean the same to both. Quoted
text, ids, numbers, moments, and what Salesforce's own texts append to their words are values. Words
of an administrator or a developer are never values, so two validation rules are two errors.
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
"""Texts of Salesforce that contain a value without quotes, each by its code."""

_SIGN: Final = "[0-9A-Za-z]"

_ID: Final = "|".join(f"{_SIGN}{{{before}}}[0-9]{_SIGN}{{{14 - before}}}" for before in range(5, 9))
"""Fifteen characters, with a digit in the middle, which no word has."""

_VALUES: Final = "|".join(
    (
        '"[^"]*"',
        # Quotes and not apostrophes: no letter precedes the first or follows the second.
        r"\B'[^']*'\B",
        rf"\b(?:{_ID})(?:{_SIGN}{{3}})?\b",
        r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(?:Z\b|[+-][0-9:]+\b|\b)",
        r"-?\b[0-9]+(?:[.,:/-][0-9]+)*(?:[eE][+-]?[0-9]+)?\b",
    )
)

_OWN: Final = tuple(re.compile(pattern, re.ASCII | re.DOTALL) for pattern in _OWN_TEXTS)
_ANY: Final = re.compile(_VALUES, re.ASCII | re.DOTALL)


def without_values(error: str) -> str:
    """Remove the values of the row from an error: errors of one group become equal."""
    for pattern in _OWN:
        error = pattern.sub(rf"\1{_VALUE}\2", error)
    return _ANY.sub(_VALUE, error)


def without_values_sql(error: str) -> str:
    """Return the same as SQL, for an expression that is an error's text."""
    for pattern in _OWN_TEXTS:
        error = f"regexp_replace({error}, {_quoted(pattern)}, '\\1{_VALUE}\\2', 's')"
    return f"regexp_replace({error}, {_quoted(_VALUES)}, '{_VALUE}', 'gs')"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
