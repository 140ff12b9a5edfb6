"""Find the place in a file of a character of a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.language.syntax.literal import iterate_characters
from bulkflow.model.value import Interpolation, write_parts
from bulkflow.source import Span

if TYPE_CHECKING:
    from bulkflow.model.value import Scope, Text
    from bulkflow.plugin.records import ValueType


def find_place(text: Text, scope: Scope, kind: ValueType, at: int) -> Span:
    """Return the place of a character of a text whose names were replaced.

    A character of a replaced name has the place of the name. The offset after the last character
    has the place of the closing quotes.
    """
    if kind.interpolate is None:
        lengths: list[tuple[Interpolation | None, int]] = [
            (None, len(part)) for part in text.parts if isinstance(part, str)
        ]
    else:
        lengths = [
            (part if isinstance(part, Interpolation) else None, len(written))
            for part, written in write_parts(text, scope, kind.interpolate)
        ]
    within = 0
    for name, length in lengths:
        if at < length:
            if name is not None:
                return name.span
            return _find_character(text, within + at)
        at -= length
        within += 0 if name is not None else length
    return _find_character(text, within)


def _find_character(text: Text, number: int) -> Span:
    """Return the place of a character of the file's own text, without the names in braces."""
    for index, place in enumerate(iterate_characters(text.span)):
        if index == number:
            return place
    end = text.span.end
    return Span(text.span.source, end - 1, end)
