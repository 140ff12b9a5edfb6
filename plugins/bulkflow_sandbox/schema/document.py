"""The JSON of schema files, taken apart with every fault noted at its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_TEXT: Final = 400
"""Characters of the text of a fault, which quotes names and values of the document."""


class DocumentReader:
    """Reads shapes out of a document; a value of another shape is a fault and reads as empty."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def add_fault(self, place: str, problem: str) -> None:
        """Notes a fault; `place` is the path of keys to it."""
        text = f"{place}: {problem}"
        if len(text) > _MOST_TEXT:
            # The end says what is wrong with the value that is quoted before it.
            text = f"{text[: _MOST_TEXT // 2]}…{text[-_MOST_TEXT // 2 :]}"
        self.faults.append(text)

    def read_table(
        self, value: object, place: str, known: set[str] | None = None
    ) -> Mapping[str, object]:
        """A JSON object, whose keys must be among the known ones, where such are given."""
        if not isinstance(value, dict):
            self.add_fault(place or "the document", "must be an object in braces")
            return {}
        for key in value:
            if known is not None and key not in known:
                where = f"{place}.{key}" if place else str(key)
                self.add_fault(where, f"unknown; known are {', '.join(sorted(known))}")
        return value

    def read_list(self, value: object, place: str) -> list[object]:
        """A JSON list."""
        if isinstance(value, list):
            return value
        self.add_fault(place, "must be a list in brackets")
        return []

    def read_text(self, table: Mapping[str, object], key: str, place: str, default: str) -> str:
        """The text under a key, or the default where there is no such key."""
        value = table.get(key, default)
        if isinstance(value, str):
            return value
        self.add_fault(f"{place}.{key}", f"{value!r} is no text")
        return default
