"""Errors as text: what is wrong, where, the facts, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.errors import DataError
from bulkflow.model.diagnostic import PipelineError
from bulkflow.report.diagnostics import (
    render_diagnostics,
    render_footer,
    render_heading,
    render_highlighted,
)
from bulkflow.report.excerpt import Highlight
from bulkflow.report.style import Role, Style
from bulkflow.report.text_width import escape_line

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
    """An error in the form of a diagnostic; no line feed at the end.

    Args:
        error: A `PipelineError` is shown by its diagnostics, a `DataError` with its place.
        color: Whether to paint with SGR sequences.
        span: The step that the error ended, underlined; None where there is none.
        width: The reader's line in cells, None where it is not known.
        encoding: Of the stream that the text is for.
        word: What stands before the message: `error`, or `also` for one beside another.
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
