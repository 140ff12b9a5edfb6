"""Formats the data that a step shows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bulkflow.report.runs.event_json import to_json_value
from bulkflow.report.text.escape import escape_line
from bulkflow.report.text.text_width import count_cells, pad_to_width

if TYPE_CHECKING:
    from bulkflow.model.event import Shown


def format_data_lines(event: Shown, encoding: str) -> list[str]:
    """Format the title and one line per property. A missing value is an empty one."""
    names = [escape_line(name, encoding) for name in event.properties]
    width = max(map(count_cells, names), default=0)
    return [
        escape_line(event.title, encoding),
        *(
            f"  {pad_to_width(name, width)}  {_format_value(value, encoding)}".rstrip()
            for name, value in zip(names, event.properties.values(), strict=True)
        ),
    ]


def _format_value(value: object, encoding: str) -> str:
    simple = to_json_value(value)
    if simple is None:
        return ""
    text = simple if isinstance(simple, str) else json.dumps(simple, ensure_ascii=False)
    return escape_line(text, encoding)
