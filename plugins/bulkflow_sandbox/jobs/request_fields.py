"""The properties of a create request, read one by one."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow_sandbox.core.behavior import Choices

_Word = TypeVar("_Word", bound=StrEnum)


def format_value(value: object) -> str:
    """A value of a JSON body as messages have it: a text as it is, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def read_text(properties: Mapping[str, object], name: str, choices: Choices) -> str | None:
    """A property that must be a text where it is given.

    Raises:
        ApiError: It is something else.
    """
    value = properties.get(name)
    if value is None or isinstance(value, str):
        return value
    raise choices.body_unreadable.make_error(
        problem=f"Cannot deserialize {name} from {format_value(value)}"
    )


def read_word(kind: type[_Word], word: str | None, name: str, choices: Choices) -> _Word | None:
    """A word as the member of `kind` that it names.

    Raises:
        ApiError: It names none.
    """
    if word is None:
        return None
    try:
        return kind(word)
    except ValueError:
        raise choices.enum_invalid.make_error(value=word, property=name) from None
