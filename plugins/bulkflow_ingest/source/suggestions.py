"""Near names of objects, fields and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.plugin import suggestions as names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LIKE = 0.7
"""How like two names must be; names of fields are long, and many are alike."""


def find_nearest_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like `name`, if any is; upper case and `__c` count little."""
    return names.find_nearest(name, known, normalize=_plain, cutoff=LIKE)


def suggest_name(name: str, known: Iterable[str]) -> str | None:
    """The question that offers it."""
    return names.ask_did_you_mean(find_nearest_name(name, known))


def suggest_column(column: str, columns: Sequence[str]) -> str | None:
    """The question that offers the nearest column of a file, or doubts what parts its columns."""
    if len(columns) == 1 and any(mark in columns[0] for mark in ",;|\t^`~"):
        return f"its one column is `{columns[0]}`; `delimiter` says what parts columns"
    return suggest_name(column, columns)


def _plain(name: str) -> str:
    return name.lower().removesuffix("__c").replace("_", "").replace(" ", "")
