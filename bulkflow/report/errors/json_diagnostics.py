"""Converts diagnostics to JSON, and to the workflow commands of GitHub's annotations."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bulkflow.report.errors.diagnostics import sort_diagnostics
from bulkflow.report.errors.excerpt import clip_span, format_position
from bulkflow.report.text.escape import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bulkflow.model.diagnostic import Diagnostic
    from bulkflow.source import Span


def span_to_json(span: Span) -> dict[str, object]:
    """Convert a span to `file`, `line`, `column`, `end_line` and `end_column`.

    Lines and columns count from 1, the end is exclusive, and columns count code points.
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
    """Convert a diagnostic to a JSON object with the keys in `docs/events.md`."""
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
    """Write all diagnostics in source order as a JSON array, in ASCII; `[]` for none."""
    return json.dumps(
        [diagnostic_to_json(diagnostic) for diagnostic in sort_diagnostics(diagnostics)], indent=2
    )


def diagnostics_to_github(diagnostics: Iterable[Diagnostic]) -> str:
    """Write one workflow command per diagnostic, in source order.

    Columns are omitted if an annotation has several lines, because GitHub accepts them only for a
    single line (GitHub's REST reference, check runs: `start_column`).
    """
    return "\n".join(_format_command(diagnostic) for diagnostic in sort_diagnostics(diagnostics))


def _format_command(diagnostic: Diagnostic) -> str:
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
    listed = ",".join(
        f"{key}={_escape_property(value)}" for key, value in properties.items() if value
    )
    message = "\n".join(escape_line(line) for line in lines)
    return f"::{diagnostic.severity.value} {listed}::{_escape_data(message)}"


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(escape_line(text)).replace(":", "%3A").replace(",", "%2C")
