"""Draws source lines with highlights underlined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from bulkflow.report.text.escape import escape_line
from bulkflow.report.text.style import DEFAULT_WIDTH, Role, Style
from bulkflow.report.text.text_width import count_cells, expand_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bulkflow.source import SourceText, Span

_NARROWEST: Final = 20
"""The minimum width of a source line, in cells, however narrow the terminal is."""

_TALLEST: Final = 4
"""A span with more lines is shown by its first two lines and its last."""


_LEAD: Final = 8
"""Cells of context before a span that is longer than the line."""


@frozen
class Highlight:
    """A span to underline, with a text next to the underline."""

    span: Span
    text: str = ""
    primary: bool = False


@frozen
class _Piece:
    """The part of a highlight in one line, in columns from 0. An empty piece is one cell wide."""

    line: int
    start: int
    end: int
    text: str
    primary: bool


@frozen
class _Underline:
    """A piece in cells of the drawn line, from 0; the end is exclusive."""

    start: int
    end: int
    text: str
    primary: bool

    @property
    def role(self) -> Role:
        return Role.ERROR if self.primary else Role.PLACE


def format_position(span: Span) -> str:
    """Format the start of a span as `file:line:column`."""
    line, column = span.source.line_column(clip_span(span)[0])
    return f"{span.source.name}:{line}:{column}"


def draw_excerpt(highlights: Sequence[Highlight], style: Style) -> tuple[list[str], int]:
    """Draw the source lines of the highlights; returns them and the width of the gutter.

    The file of the first highlight comes first. Each other file has its own heading. Source lines
    are drawn once, in order, with their underlines below.
    """
    pieces: dict[tuple[str, str], list[_Piece]] = {}
    sources: dict[tuple[str, str], Span] = {}
    gaps: dict[tuple[str, str], set[int]] = {}
    for highlight in highlights:
        key = (highlight.span.source.name, highlight.span.source.text)
        sources.setdefault(key, highlight.span)
        found, gap = _split(highlight)
        pieces.setdefault(key, []).extend(found)
        gaps.setdefault(key, set()).update(gap)
    gutter = max(len(str(piece.line)) for group in pieces.values() for piece in group)
    empty = style.paint(f"{'':{gutter}} |", Role.PLACE)
    lines: list[str] = []
    for key, first in sources.items():
        arrow = ":::" if lines else "-->"
        if lines:
            lines.append(empty)
        place = escape_line(format_position(first), style.encoding)
        lines.append(f"{'':{gutter}}{style.paint(arrow, Role.PLACE)} {place}")
        lines.append(empty)
        lines.extend(_draw_source(first.source, pieces[key], gaps[key], gutter, style))
    return lines, gutter


def clip_span(span: Span) -> tuple[int, int]:
    """Clip the span's offsets to the text, without trailing line feeds."""
    text = span.source.text
    start = min(max(span.start, 0), len(text))
    end = min(max(span.end, start), len(text))
    while end > start and text[end - 1] == "\n":
        end -= 1
    return start, end


def _split(highlight: Highlight) -> tuple[list[_Piece], list[int]]:
    """Split a highlight into lines; also returns the lines after which lines are omitted."""
    source = highlight.span.source
    start, end = clip_span(highlight.span)
    first, start_column = source.line_column(start)
    last, end_column = source.line_column(end)
    shown: list[int] = list(range(first, last + 1))
    gap: list[int] = []
    if len(shown) > _TALLEST:
        shown = [first, first + 1, last]
        gap = [first + 1]
    pieces = []
    for line in shown:
        text = source.line(line)
        left = start_column - 1 if line == first else len(text) - len(text.lstrip())
        right = end_column - 1 if line == last else len(text.rstrip())
        if left < right or first == last:
            pieces.append(_Piece(line, left, right, "", highlight.primary))
    if not pieces:
        pieces.append(_Piece(first, start_column - 1, start_column - 1, "", highlight.primary))
    pieces[-1] = evolve(pieces[-1], text=highlight.text)
    return pieces, gap


def _draw_source(
    source: SourceText, pieces: Iterable[_Piece], gaps: set[int], gutter: int, style: Style
) -> list[str]:
    by_line: dict[int, list[_Piece]] = {}
    for piece in pieces:
        by_line.setdefault(piece.line, []).append(piece)
    # Each line begins with the gutter, such as "12 | ".
    room = max(_NARROWEST, (style.width or DEFAULT_WIDTH) - gutter - 3)
    lines = []
    for number in sorted(by_line):
        text, underlines = _fit(source.line(number), by_line[number], room, style)
        head = style.paint(f"{number:>{gutter}} |", Role.PLACE)
        lines.append(f"{head} {text}" if text else head)
        side = style.paint(f"{'':{gutter}} |", Role.PLACE)
        lines.extend(f"{side} {row}" for row in _draw_underlines(underlines, style))
        if number in gaps and number + 1 not in by_line:
            lines.append(style.paint("...", Role.PLACE))
    return lines


def _fit(
    line: str, pieces: Sequence[_Piece], room: int, style: Style
) -> tuple[str, list[_Underline]]:
    """Cut a line to the room around its pieces; returns it and the underlines."""
    focus = next((piece for piece in pieces if piece.primary), pieces[0])
    # Of a very long line, only the part around the focus is processed.
    skip = max(0, focus.start - 2 * room)
    stop = min(len(line), focus.start + 3 * room)
    shown, starts = expand_line(line[skip:stop], style.encoding)

    def get_cell(column: int) -> int:
        return starts[min(max(column - skip, 0), len(shown))]

    low, high = _choose_window(
        starts,
        room,
        len(style.cut),
        (get_cell(focus.start), get_cell(focus.end)),
        (
            min(get_cell(piece.start) for piece in pieces),
            max(get_cell(piece.end) for piece in pieces),
        ),
        whole=skip == 0 and stop == len(line),
    )
    before = style.cut if skip or low else ""
    after = style.cut if skip + high < len(line) else ""
    text = before + "".join(shown[low:high]) + after
    shift = count_cells(before) - starts[low]
    edge = starts[high] + shift
    underlines = []
    for piece in pieces:
        start = min(max(get_cell(piece.start) + shift, 0), edge)
        end = min(max(get_cell(piece.end) + shift, start + 1), max(edge, start + 1))
        words = escape_line(piece.text, style.encoding)
        underlines.append(_Underline(start, end, words, piece.primary))
    return text.rstrip(), underlines


def _choose_window(
    starts: Sequence[int],
    room: int,
    cut: int,
    focus: tuple[int, int],
    all_pieces: tuple[int, int],
    *,
    whole: bool,
) -> tuple[int, int]:
    """Choose the characters to show: as many as fit around all pieces, or else the focus."""
    total = starts[-1]
    length = len(starts) - 1
    if whole and total <= room:
        return 0, length
    inner = room - 2 * cut
    begin, end = all_pieces if all_pieces[1] - all_pieces[0] <= inner else focus
    if whole and end <= room - cut:
        left = 0
    else:
        spare = inner - (end - begin)
        left = max(0, begin - (spare // 2 if spare >= 0 else _LEAD))
        if whole:
            left = min(left, max(0, total - (room - cut)))
    low = next(index for index, start in enumerate(starts) if start >= left)
    limit = starts[low] + room - (cut if low or not whole else 0)
    high = length
    if total > limit or not whole:
        limit -= cut
        high = max(index for index, start in enumerate(starts) if start <= limit)
    return low, high


def _draw_underlines(underlines: Sequence[_Underline], style: Style) -> list[str]:
    """Draw the underlines. The last text is next to its underline, the others are below."""
    canvas = _Canvas()
    for underline in sorted(underlines, key=lambda item: item.primary):
        sign = "^" if underline.primary else "-"
        canvas.put(underline.start, sign * (underline.end - underline.start), underline.role)
    last = max(underlines, key=lambda item: (item.end, bool(item.text), item.primary))
    if last.text:
        canvas.put(last.end + 1, last.text, last.role)
    rows = [canvas.render(style)]
    hung = [item for item in underlines if item.text and item is not last]
    hung.sort(key=lambda item: item.start, reverse=True)
    if hung:
        rows.append(_draw_connectors(hung).render(style))
    for index, item in enumerate(hung):
        canvas = _draw_connectors([left for left in hung[index:] if left.start < item.start])
        canvas.put(item.start, item.text, item.role)
        rows.append(canvas.render(style))
    return rows


def _draw_connectors(underlines: Iterable[_Underline]) -> _Canvas:
    canvas = _Canvas()
    for underline in underlines:
        canvas.put(underline.start, "|", underline.role)
    return canvas


class _Canvas:
    """A row of coloured characters. Later ones overwrite earlier ones."""

    def __init__(self) -> None:
        self._characters: dict[int, tuple[str, Role]] = {}

    def put(self, at: int, text: str, role: Role) -> None:
        """Write text from a cell on. Wide and combining characters must come last in the row."""
        for index, character in enumerate(text):
            self._characters[at + index] = (character, role)

    def render(self, style: Style) -> str:
        """Render the row, with one colour sequence per run of a role."""
        runs: list[tuple[str, Role | None]] = []
        for at in range(max(self._characters) + 1):
            character, role = self._characters.get(at, (" ", None))
            if runs and runs[-1][1] is role:
                runs[-1] = (runs[-1][0] + character, role)
            else:
                runs.append((character, role))
        return "".join(text if role is None else style.paint(text, role) for text, role in runs)
