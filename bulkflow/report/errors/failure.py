"""Renders an error as text: the message, its place, notes and help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.errors import DataError
from bulkflow.model.diagnostic import PipelineError
from bulkflow.report.errors.diagnostics import (
    render_diagnostics,
    render_footer,
    render_heading,
    render_highlighted,
)
from bulkflow.report.errors.excerpt import Highlight
from bulkflow.report.text.escape import escape_line
from bulkflow.report.text.style import Role, Style

if TYPE_CHECKING:
    from bulkflow.errors import BulkflowError
    from bulkflow.source import Span


def render_error(
    error: BulkflowError,
    *,
    color: bool,
    span: Span | None = None,
    width: int | None = None,
    encoding: str = "utf-8",
    word: str = "error",
) -> str:
    """Render an error in the form of a diagnostic, without a final line feed.

    Args:
        error: A `PipelineError` is rendered as its diagnostics, a `DataError` with its place.
        color: Whether to use SGR sequences.
        span: The step that failed with the error, to underline it; None if there is none.
        width: The line width in cells, or None if unknown.
        encoding: The encoding of the stream.
        word: The word before the message: `error`, or `also` for a further one.
    """
    if isinstance(error, PipelineError):
        return render_diagnostics(error.diagnostics, color=color, width=width, encoding=encoding)
    style = Style(color, width, encoding)
    heading = render_heading(word, error.message, Role.ERROR, style)
    if isinstance(error, DataError) and error.place:
        arrow = style.paint("-->", Role.PLACE)
        heading.append(f"  {arrow} {escape_line(error.place, encoding)}")
    if span is None:
        return "\n".join([*heading, *render_footer(error.notes, error.help, style)])
    marks = [Highlight(span, primary=True)]
    return render_highlighted(heading, marks, notes=error.notes, help=error.help, style=style)
