"""Parses JSON from outside, such as request bodies and schemas, within limits.

The limits are far above what clients send. Deeper or larger documents could exceed the recursion
limit or the memory of this process in a later step.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MAX_BYTES: Final = 4 << 20
"""The maximum size of a schema or admin request: some hundred objects with all fields."""

MAX_DEPTH: Final = 32
"""Levels of lists and objects. A schema has nine, a record of the API three."""

MAX_VALUES: Final = 200_000
"""Values in a document. Values that a YAML alias repeats count each time."""


class DocumentError(ValueError):
    """A document is not JSON, or exceeds a limit. The message is one line."""


def parse_json(
    data: bytes | str,
    *,
    on_pairs: Callable[[list[tuple[str, object]]], object] | None = None,
) -> object:
    """Parse JSON text.

    Args:
        data: The text. Bytes are UTF-8, or UTF-16 or UTF-32 as in RFC 4627.
        on_pairs: Makes the value of an object from its keys and values; `None` makes a dict.

    Raises:
        DocumentError: The text is not JSON, or exceeds a limit.
    """
    try:
        document = json.loads(data, object_pairs_hook=on_pairs, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise _make_depth_error() from error
    except json.JSONDecodeError as error:
        raise DocumentError(f"{error.msg} at line {error.lineno}, column {error.colno}") from error
    except UnicodeDecodeError as error:
        raise DocumentError(f"byte {error.start + 1} is not {error.encoding}") from error
    except DocumentError:
        raise
    except ValueError as error:
        # Python refuses whole numbers with more than 4,300 digits.
        raise DocumentError("it has a number with too many digits") from error
    check_document(document)
    return document


def check_document(document: object) -> None:
    """Check that a document has only values that JSON can express, within the limits.

    Raises:
        DocumentError: The document has another value, or exceeds a limit.
    """
    values, level, depth = 0, [document], 0
    while level:
        if depth > MAX_DEPTH:
            raise _make_depth_error()
        below: list[object] = []
        for value in level:
            below.extend(_check_value(value))
            if values + len(level) + len(below) > MAX_VALUES:
                raise DocumentError(f"it has more than {MAX_VALUES:,} values")
        values, level, depth = values + len(level), below, depth + 1


def _check_value(value: object) -> Iterable[object]:
    """Check a value, and return the values in it."""
    match value:
        case dict():
            for key in value:
                if not isinstance(key, str):
                    raise DocumentError(f"the key {key!r:.80} is not a text")
                _check_text(key)
            return value.values()
        case list():
            return value
        case str():
            _check_text(value)
        case float() if not math.isfinite(value):
            raise DocumentError("it has a number that is not finite")
        case None | int() | float():
            pass
        case _:
            raise DocumentError(f"it has a {type(value).__name__}, which JSON cannot carry")
    return ()


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        # An escape can write half of a surrogate pair, which cannot be stored as text.
        raise DocumentError("it has half of a surrogate pair") from error


def _refuse_constant(name: str) -> object:
    raise DocumentError(f"{name} is not JSON")


def _make_depth_error() -> DocumentError:
    return DocumentError(f"it is nested more than {MAX_DEPTH} levels deep")
