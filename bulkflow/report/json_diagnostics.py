"""Diagnostics for machines: JSON, and the workflow commands that GitHub turns into annotations."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bulkflow.report.diagnostics import sort_diagnostics
from bulkflow.report.excerpt import clip_span, format_position
from bulkflow.report.text_width import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bulkflow.model.diagnostic import Diagnostic
    from bulkflow.source import Span


def span_to_json(span: Span) -> dict[str, object]:
    """A place: `file`, and `line`, `column`, `end_line`, `end_column` from 1, the end exclusive.

    Columns count code points.
    """
    start, end = clip_span(span)
    line, column = span.source.line_column(start)
    end_line, end_column = span.source.line_column(end)
    return {
        "file": span.source.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    }


def diagnostic_to_json(diagnostic: Diagnostic) -> dict[str, object]:
    """A diagnostic as JSON's types, with the keys that `docs/events.md` lists."""
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        **span_to_json(diagnostic.span),
        "note": diagnostic.note or None,
        "help": diagnostic.help,
        "labels": [
            {"message": label.text, **span_to_json(label.span)} for label in diagnostic.labels
        ],
    }


def diagnostics_to_json(diagnostics: Iterable[Diagnostic]) -> str:
    """A JSON array of all diagnostics in source order, ASCII only; `[]` for none."""
    return json.dumps(
        [diagnostic_to_json(diagnostic) for diagnostic in sort_diagnostics(diagnostics)], indent=2
    )


def diagnostics_to_github(diagnostics: Iterable[Diagnostic]) -> str:
    """One workflow command for each diagnostic, in source order.

    GitHub shows columns only where the annotation starts and ends on one line, so they are left
    out elsewhere (GitHub's REST reference, check runs: `start_column`).
    """
    return "\n".join(_command(diagnostic) for diagnostic in sort_diagnostics(diagnostics))


def _command(diagnostic: Diagnostic) -> str:
    place = span_to_json(diagnostic.span)
    properties = {"file": str(place["file"]), "line": str(place["line"])}
    if place["line"] == place["end_line"]:
        properties["col"] = str(place["column"])
        properties["endColumn"] = str(place["end_column"])
    else:
        properties["endLine"] = str(place["end_line"])
    properties["title"] = diagnostic.code
    lines = [diagnostic.message]
    if diagnostic.note:
        lines.append(f"note: {diagnostic.note}")
    lines.extend(f"{format_position(label.span)}: {label.text}" for label in diagnostic.labels)
    if diagnostic.help:
        lines.append(f"help: {diagnostic.help}")
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    message = "\n".join(escape_line(line) for line in lines)
    return f"::{diagnostic.severity.value} {listed}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(escape_line(text)).replace(":", "%3A").replace(",", "%2C")
