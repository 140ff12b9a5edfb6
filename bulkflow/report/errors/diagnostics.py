"""Renders diagnostics, and every error with a place in a pipeline file, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow.model.diagnostic import MAX_DIAGNOSTICS, Severity
from bulkflow.report.errors.excerpt import Highlight, draw_excerpt
from bulkflow.report.text.escape import escape_line, escape_lines
from bulkflow.report.text.style import Role, Style
from bulkflow.report.text.text_width import wrap_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bulkflow.model.diagnostic import Diagnostic


MAX_SHOWN: Final = 100
"""How many diagnostics are rendered as text. JSON has all of them."""


def render_diagnostics(
    diagnostics: Iterable[Diagnostic],
    *,
    color: bool,
    width: int | None = None,
    encoding: str = "utf-8",
) -> str:
    """Render diagnostics in source order, separated by blank lines, without a final line feed.

    If there are more than `MAX_SHOWN`, errors take precedence, and the rest is only counted.

    Args:
        diagnostics: In any order. Files are kept in the order of their first diagnostic.
        color: Whether to use SGR sequences.
        width: The line width in cells, or None if unknown. Source lines are cut to it around what
            is underlined.
        encoding: The encoding of the stream. Characters that it lacks are escaped, which keeps
            underlines aligned.
    """
    style = Style(color, width, encoding)
    found = sort_diagnostics(diagnostics)
    shown = found
    if len(found) > MAX_SHOWN:
        shown = sort_diagnostics(sorted(found, key=lambda each: each.severity.value)[:MAX_SHOWN])
    rendered = [_render(diagnostic, style) for diagnostic in shown]
    if shown is not found:
        least = "at least " if len(found) >= MAX_DIAGNOSTICS else ""
        more = f"and {least}{len(found) - len(shown):,} more"
        rendered.append(f"{more}; `bulkflow check --format json` lists all that were found")
    return "\n\n".join(rendered)


def sort_diagnostics(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Sort by file, in the order of each file's first diagnostic, then by place and code."""
    given = list(diagnostics)
    files: dict[str, int] = {}
    for diagnostic in given:
        files.setdefault(diagnostic.span.source.name, len(files))
    return sorted(
        given,
        key=lambda item: (
            files[item.span.source.name],
            item.span.start,
            item.span.end,
            item.code,
        ),
    )


def render_highlighted(
    heading: Sequence[str],
    marks: Sequence[Highlight],
    *,
    notes: Iterable[str] = (),
    help: str | None = None,  # noqa: A002 - the word that users see
    style: Style,
) -> str:
    """Render a heading, source excerpts with highlights, notes and help."""
    places, gutter = draw_excerpt(marks, style)
    footer = render_footer(notes, help, style)
    if footer:
        places.append(style.paint(f"{'':{gutter}} |", Role.PLACE))
    return "\n".join([*heading, *places, *footer])


def render_heading(word: str, message: str, role: Role, style: Style) -> list[str]:
    """Render `word: message`, with further lines of the message indented below."""
    lines = escape_lines(message, style.encoding) or ["(no message)"]
    first = f"{style.paint(word, role)}{style.paint(': ' + lines[0], Role.TITLE)}"
    return [first, *(f"  {line}" for line in lines[1:])]


def render_footer(
    notes: Iterable[str],
    help: str | None,  # noqa: A002 - the word that users see
    style: Style,
) -> list[str]:
    """Render the notes and the help, with further lines of each indented below its first."""
    lines = []
    for note in notes:
        for index, line in enumerate(_lines(note, len("  note: "), style)):
            lines.append(f"{'        ' if index else '  note: '}{line}")
    for index, line in enumerate(_lines(help or "", len("help: "), style)):
        lines.append(f"{'      ' if index else style.paint('help', Role.HELP) + ': '}{line}")
    return lines


def _lines(text: str, indent: int, style: Style) -> list[str]:
    width = None if style.width is None else style.width - indent
    return [
        piece for line in escape_lines(text, style.encoding) for piece in wrap_words(line, width)
    ]


def _render(diagnostic: Diagnostic, style: Style) -> str:
    role = Role.ERROR if diagnostic.severity is Severity.ERROR else Role.WARNING
    code = f"[{escape_line(diagnostic.code, style.encoding)}]" if diagnostic.code else ""
    marks = [Highlight(diagnostic.span, diagnostic.note, primary=True)]
    marks += [Highlight(label.span, label.text) for label in diagnostic.labels]
    return render_highlighted(
        render_heading(f"{diagnostic.severity.value}{code}", diagnostic.message, role, style),
        marks,
        help=diagnostic.help,
        style=style,
    )
