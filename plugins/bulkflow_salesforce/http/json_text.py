"""JSON from outside, nested no deeper than whatever handles it later can bear."""

from __future__ import annotations

import json
from typing import Any

from bulkflow_salesforce.http.bounds import DEPTH


class TooDeepError(ValueError):
    """JSON that is nested too deeply; the text says how deeply it may be."""

    def __init__(self) -> None:
        super().__init__(f"nested more than {DEPTH} levels deep")


def parse(text: bytes | str) -> Any:
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
        level = [below for each in level for below in _parts(each)]
        if not level:
            return value
    if any(isinstance(each, dict | list) for each in level):
        raise TooDeepError
    return value


def _parts(value: object) -> list[Any]:
    """The lists and objects in a value."""
    match value:
        case dict():
            return [each for each in value.values() if isinstance(each, dict | list)]
        case list():
            return [each for each in value if isinstance(each, dict | list)]
        case _:
            return []
