"""Reads the properties of a create request."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow_sandbox.core.behavior import Choices

_Word = TypeVar("_Word", bound=StrEnum)


def format_value(value: object) -> str:
    """Format a value of a JSON body for a message: a text unchanged, other values as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def read_text(properties: Mapping[str, object], name: str, choices: Choices) -> str | None:
    """Read an optional property that must be a text.

    Raises:
        ApiError: The property is not a text.
    """
    value = properties.get(name)
    if value is None or isinstance(value, str):
        return value
    raise choices.body_unreadable.make_error(
        problem=f"Cannot deserialize {name} from {format_value(value)}"
    )


def read_word(kind: type[_Word], word: str | None, name: str, choices: Choices) -> _Word | None:
    """Read a word as a member of the enumeration `kind`.

    Raises:
        ApiError: The enumeration has no such member.
    """
    if word is None:
        return None
    try:
        return kind(word)
    except ValueError:
        raise choices.enum_invalid.make_error(value=word, property=name) from None
