"""Data that a step was asked to show, as text for people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bulkflow.report.event_json import plain
from bulkflow.report.text_width import cells, padded, visible

if TYPE_CHECKING:
    from bulkflow.model.event import Shown


def shown_lines(event: Shown, encoding: str) -> list[str]:
    """The title, and each property on a line of its own; what has no value has an empty one."""
    names = [visible(name, encoding) for name in event.properties]
    width = max(map(cells, names), default=0)
    return [
        visible(event.title, encoding),
        *(
            f"  {padded(name, width)}  {_value(value, encoding)}".rstrip()
            for name, value in zip(names, event.properties.values(), strict=True)
        ),
    ]


def _value(value: object, encoding: str) -> str:
    simple = plain(value)
    if simple is None:
        return ""
    text = simple if isinstance(simple, str) else json.dumps(simple, ensure_ascii=False)
    return visible(text, encoding)
