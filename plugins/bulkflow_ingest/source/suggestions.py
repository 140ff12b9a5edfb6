"""Suggests names of objects, fields and columns that are similar to an unknown one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.plugin import suggestions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CUTOFF = 0.7
"""How similar two names must be. API names are long, and many of them are alike."""


def find_nearest_name(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most similar to `name`, regardless of case and `__c`."""
    return suggestions.find_nearest(name, known, normalize=_normalize, cutoff=CUTOFF)


def suggest_name(name: str, known: Iterable[str]) -> str | None:
    """Return the help line that offers the most similar name, or None."""
    return suggestions.ask_did_you_mean(find_nearest_name(name, known))


def suggest_column(column: str, columns: Sequence[str]) -> str | None:
    """Return the help line for a missing column of a file.

    If the file has a single column whose name contains a delimiter, the line suggests to check
    the `delimiter` clause.
    """
    if len(columns) == 1 and any(mark in columns[0] for mark in ",;|\t^`~"):
        return f"its one column is `{columns[0]}`; set the delimiter with `delimiter`"
    return suggest_name(column, columns)


def _normalize(name: str) -> str:
    return name.lower().removesuffix("__c").replace("_", "").replace(" ", "")
