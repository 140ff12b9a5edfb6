"""Reading values out of schema documents, while collecting all errors with their places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAX_TEXT: Final = 400
"""Maximum length of an error, which quotes names and values of the document."""


class DocumentReader:
    """Reads typed values. A value of the wrong type is an error, and reads as empty."""

    def __init__(self) -> None:
        self.errors: list[str] = []

    def add_error(self, place: str, problem: str) -> None:
        """Add an error; `place` is the path of keys to it."""
        text = f"{place}: {problem}"
        if len(text) > _MAX_TEXT:
            # Keep the end, which explains what is wrong with the quoted value.
            text = f"{text[: _MAX_TEXT // 2]}…{text[-_MAX_TEXT // 2 :]}"
        self.errors.append(text)

    def read_table(
        self, value: object, place: str, known: set[str] | None = None
    ) -> Mapping[str, object]:
        """Read a JSON object. Its keys must be in `known`, if given."""
        if not isinstance(value, dict):
            self.add_error(place or "the document", "must be an object, in braces")
            return {}
        for key in value:
            if known is not None and key not in known:
                where = f"{place}.{key}" if place else str(key)
                self.add_error(where, f"unknown; use one of {', '.join(sorted(known))}")
        return value

    def read_list(self, value: object, place: str) -> list[object]:
        """Read a JSON list."""
        if isinstance(value, list):
            return value
        self.add_error(place, "must be a list, in brackets")
        return []

    def read_text(self, table: Mapping[str, object], key: str, place: str, default: str) -> str:
        """Read the string under a key, or return the default if the key is missing."""
        value = table.get(key, default)
        if isinstance(value, str):
            return value
        self.add_error(f"{place}.{key}", f"{value!r} is not a string")
        return default
