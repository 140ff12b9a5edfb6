"""Parses JSON from outside, with a limit on nesting that all later code can handle."""

from __future__ import annotations

import json
from typing import Any

from bulkflow_salesforce.http.bounds import DEPTH


class TooDeepError(ValueError):
    """JSON is nested too deeply; the text has the limit."""

    def __init__(self) -> None:
        super().__init__(f"nested more than {DEPTH} levels deep")


def parse_json(text: bytes | str) -> Any:
    """Parse JSON.

    Raises:
        TooDeepError: It has more than `DEPTH` levels of lists and objects.
        ValueError: It is not JSON.
    """
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise TooDeepError from error
    level = [value]
    for _ in range(DEPTH):
        level = [child for each in level for child in _list_containers(each)]
        if not level:
            return value
    if any(isinstance(each, dict | list) for each in level):
        raise TooDeepError
    return value


def _list_containers(value: object) -> list[Any]:
    """List the lists and objects directly inside a value."""
    match value:
        case dict():
            return [each for each in value.values() if isinstance(each, dict | list)]
        case list():
            return [each for each in value if isinstance(each, dict | list)]
        case _:
            return []
