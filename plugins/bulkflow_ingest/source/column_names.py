"""Finds names of columns that no field of Salesforce can have."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from bulkflow.plugin import Problem
from bulkflow_ingest.source.saved_columns import SAVED_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

UNFIT_COLUMN: Final = "B427"

_API_NAME: Final = re.compile(r"([A-Za-z]\w*:)?[A-Za-z]\w*(\.[A-Za-z]\w*)*", re.ASCII)
"""A field, or a relationship and the key of the parent, such as `Account:What.External_Id__c`."""
_MARKS: Final = ":;|\t^`~,\x01"
_WORDS: Final = {
    ";": "semicolon",
    "|": "pipe",
    "\t": "tab",
    "^": "caret",
    "`": "backquote",
    ",": "comma",
}
_MOST: Final = 6


def find_name_problems(name: str, columns: Sequence[str]) -> Iterator[Problem]:
    """Find names that no field can have.

    Args:
        name: The file's name in messages.
        columns: The names of the columns that are sent.
    """
    # Columns that bulkflow adds to saved rows are reported as that.
    unfit = [
        column
        for column in columns
        if not _API_NAME.fullmatch(column) and column.lower() not in SAVED_COLUMNS
    ]
    alone = columns[0] if len(columns) == 1 else ""
    marks = [mark for mark in _MARKS if mark in alone]
    if marks and (unfit or "." not in alone):
        yield Problem(
            f"{name} has one column, {_show(alone)}, which no field is called",
            f"if its columns are separated by {_show_mark(marks[0])}, write "
            f"`delimiter {_write_mark(marks[0])}`",
            "location",
            UNFIT_COLUMN,
        )
        return
    if unfit:
        shown = ", ".join(_show(each) for each in unfit[:_MOST])
        others = f" and {len(unfit) - _MOST:,} more" if len(unfit) > _MOST else ""
        are = "1 column" if len(unfit) == 1 else f"{len(unfit):,} columns"
        yield Problem(
            f"{name} has {are} that no field is called: {shown}{others}",
            "give them the API names of fields: "
            + " ".join(f"`rename {_quote(each)} to {_suggest(each)}`" for each in unfit[:_MOST]),
            "location",
            UNFIT_COLUMN,
        )


def _show(column: str) -> str:
    """Quote a name, with what cannot be seen in words."""
    hidden = [_describe(sign) for sign in column if not sign.isprintable()]
    edges = [
        f"blank at the {where}"
        for where, sign in (("start", column[:1]), ("end", column[-1:]))
        if sign == " "
    ]
    visible = "".join(sign if sign.isprintable() else "?" for sign in column)
    said = ", ".join(dict.fromkeys([*edges, *hidden]))
    return f'"{visible}" ({said})' if said else f'"{visible}"'


def _describe(sign: str) -> str:
    name = unicodedata.name(sign, "control character").lower()
    return f"{name} U+{ord(sign):04X}"


def _suggest(column: str) -> str:
    """Return the API name that a name may mean."""
    plain = "".join(sign for sign in column if sign.isprintable()).strip()
    return plain if _API_NAME.fullmatch(plain) else "FIELD"


def _quote(column: str) -> str:
    escaped = column.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _show_mark(mark: str) -> str:
    return f"`{mark}`" if mark.isprintable() else _describe(mark)


def _write_mark(mark: str) -> str:
    if mark in _WORDS:
        return _WORDS[mark]
    return f'"{mark}"' if mark.isprintable() else f'"\\x{ord(mark):02x}"'
