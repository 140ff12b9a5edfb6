"""Near names of objects, fields and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.plugin import nearest as names

if TYPE_CHECKING:
    from collections.abc import Iterable

LIKE = 0.7
"""How like two names must be; names of fields are long, and many are alike."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like `name`, if any is; upper case and `__c` count little."""
    return names.nearest(name, known, plain=_plain, like=LIKE)


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """The question that offers it."""
    return names.question(nearest(name, known))


def _plain(name: str) -> str:
    return name.lower().removesuffix("__c").replace("_", "").replace(" ", "")
