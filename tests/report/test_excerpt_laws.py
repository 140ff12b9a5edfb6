from __future__ import annotations

import re

from hypothesis import assume, given
from hypothesis import strategies as st

from bulkflow.model.diagnostic import Diagnostic, Label
from bulkflow.report import render_diagnostics
from bulkflow.report.text.escape import escape_character
from bulkflow.report.text.text_width import count_cells
from bulkflow.source import SourceText, Span

# Printable characters of one cell, of two, and of none, so that what is drawn is what was written.
_PRINTABLE = st.text(
    st.one_of(
        st.characters(min_codepoint=33, max_codepoint=126),
        st.sampled_from("日本語ＡＢ😀漢カ한"),
        st.sampled_from("\u0301\u0308éßЖ"),
        st.just(" "),
    ),
    max_size=60,
)
_ANY = st.text(max_size=80)


def _rows(drawing: str) -> tuple[str, str]:
    """The only source line of a drawing and its underline, without the gutter."""
    lines = drawing.splitlines()
    at = next(index for index, line in enumerate(lines) if re.match(r"\d+ \|", line))
    return lines[at][4:], lines[at + 1][4:]


@given(before=_PRINTABLE, place=_PRINTABLE, after=_PRINTABLE)
def test_the_underline_stands_under_the_place(before: str, place: str, after: str) -> None:
    assume(place and count_cells(place) > 0)
    source = SourceText("a", before + place + after)
    span = Span(source, len(before), len(before) + len(place))
    _, underline = _rows(render_diagnostics([Diagnostic("B1", "m", span)], color=False))
    assert underline == " " * count_cells(before) + "^" * count_cells(place)


@given(
    before=st.text("ab 日\u0301", max_size=400),
    place=st.text("xy漢", min_size=1, max_size=12),
    after=st.text("cd 本\u0301", max_size=400),
    width=st.integers(40, 100),
)
def test_cutting_keeps_the_place_whole_and_underlined(
    before: str, place: str, after: str, width: int
) -> None:
    source = SourceText("a", before + place + after)
    span = Span(source, len(before), len(before) + len(place))
    drawing = render_diagnostics([Diagnostic("B1", "m", span)], color=False, width=width)
    line, underline = _rows(drawing)
    assert 4 + count_cells(line) <= width
    assert underline.count("^") == count_cells(place)
    assert place in line
    assert count_cells(line[: line.index(place)]) == len(underline) - len(underline.lstrip())


@given(text=_ANY, bounds=st.lists(st.tuples(st.integers(-5, 90), st.integers(-5, 90)), max_size=4))
def test_any_text_and_any_spans_are_drawn(text: str, bounds: list[tuple[int, int]]) -> None:
    source = SourceText("näme\n\x1b", text)
    spans = [Span(source, min(pair), max(pair)) for pair in bounds] or [Span(source, 0, 0)]
    labels = tuple(Label(span, text) for span in spans[1:])
    diagnostic = Diagnostic("B1", text, spans[0], text, labels, note=text)
    for encoding in ("utf-8", "ascii", "cp1252"):
        drawing = render_diagnostics([diagnostic], color=False, width=30, encoding=encoding)
        drawing.encode(encoding)
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e]", drawing)
        assert "^" in drawing


@given(st.characters())
def test_a_drawn_character_is_itself_or_an_ascii_escape(character: str) -> None:
    shown = escape_character(character)
    assert shown == character or (shown.isascii() and shown.startswith("\\"))


def test_a_line_of_a_megabyte_is_cut_even_where_no_width_is_known() -> None:
    source = SourceText("a", "x" * 500_000 + "!" + "y" * 500_000)
    span = Span(source, 500_000, 500_001)
    line, underline = _rows(render_diagnostics([Diagnostic("B1", "m", span)], color=False))
    assert len(line) <= 240
    assert line[underline.index("^")] == "!"
