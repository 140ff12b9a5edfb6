"""JSON from outside, read within bounds: request bodies and schemas.

Every bound is here, and is far above what a client sends. Deeper or larger documents would reach
the recursion limit or the memory of this process in some later step.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MOST_BYTES: Final = 4 << 20
"""Of a schema, or of a body of an admin request: some hundred objects with all of their fields."""

MOST_DEPTH: Final = 32
"""Levels of lists and objects: a schema has nine, a record of the API three."""

MOST_VALUES: Final = 200_000
"""Values in a document, however often an alias of YAML repeats them."""


class DocumentError(ValueError):
    """A document that is not JSON, or is beyond the bounds; its text is one line."""


def parse_json(
    data: bytes | str,
    *,
    on_pairs: Callable[[list[tuple[str, object]]], object] | None = None,
) -> object:
    """Parse JSON text.

    Args:
        data: The text; bytes are UTF-8, or UTF-16 or UTF-32 as RFC 4627 has them.
        on_pairs: Makes the value of an object from its keys and values; `None` makes a table.

    Raises:
        DocumentError: It is no JSON, or beyond the bounds.
    """
    try:
        document = json.loads(data, object_pairs_hook=on_pairs, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise _too_deep() from error
    except json.JSONDecodeError as error:
        raise DocumentError(f"{error.msg} at line {error.lineno}, column {error.colno}") from error
    except UnicodeDecodeError as error:
        raise DocumentError(f"byte {error.start + 1} is not {error.encoding}") from error
    except DocumentError:
        raise
    except ValueError as error:
        # Python reads no whole number of more than 4,300 digits.
        raise DocumentError("it has a number with too many digits") from error
    check_document(document)
    return document


def check_document(document: object) -> None:
    """Check that a document has only what JSON can carry, and not too much of it.

    Raises:
        DocumentError: It has something else, or is beyond the bounds.
    """
    values, level, depth = 0, [document], 0
    while level:
        if depth > MOST_DEPTH:
            raise _too_deep()
        below: list[object] = []
        for value in level:
            below.extend(_parts(value))
            if values + len(level) + len(below) > MOST_VALUES:
                raise DocumentError(f"it has more than {MOST_VALUES:,} values")
        values, level, depth = values + len(level), below, depth + 1


def _parts(value: object) -> Iterable[object]:
    """Return the values in a value, which is checked itself."""
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
        # Half of a character, as an escape can write it, is no text that could be stored.
        raise DocumentError("it has half of a surrogate pair") from error


def _refuse_constant(name: str) -> object:
    raise DocumentError(f"{name} is not JSON")


def _too_deep() -> DocumentError:
    return DocumentError(f"it is nested more than {MOST_DEPTH} levels deep")
