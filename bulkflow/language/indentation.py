"""Indentation: what the newlines of a file mean.

Three rules. A line that is indented deeper than one that opens no block continues it. A line that
is indented deeper than one that opens a block begins that block. A block ends at the first line
that is indented less. Blank lines and comments never matter: the lexer makes them part of the
newline before them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from attrs import define, field

from bulkflow.language.automaton import Token
from bulkflow.language.codes import Code
from bulkflow.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bulkflow.source import SourceText

OPENERS = frozenset({"JOB", "PARALLEL", "FOR", "WHEN", "ALWAYS"})
"""The tokens that a line begins with that opens a block."""

DEEPEST = 50
"""How many blocks may stand inside each other; keeps recursion over trees within bounds."""

_TAB = 4


class Report(Protocol):
    """Takes a mistake in the text."""

    def __call__(self, code: Code, message: str, span: Span, help: str | None = None) -> None:  # noqa: A002 - the word that users see
        """Note it."""
        ...


def arrange(tokens: Iterable[Token], source: SourceText, report: Report) -> Iterator[Token]:
    """Replace each NEWLINE by _NEWLINE, _INDENT and _DEDENT, or by nothing.

    Tokens are taken one at a time and only when the one before was used, because the lexer's next
    token depends on the parser's state. Mistakes are reported and read as what was most likely
    meant; a file that is nested too deep ends there.
    """
    layout = _Layout(source, report)
    begun = opens = False
    for token in tokens:
        if token.kind != "NEWLINE":
            if not begun:
                layout.first_line(token.start)
                begun, opens = True, token.kind in OPENERS
            yield token
        elif begun and token.end < len(source.text):
            marks = layout.newline(token, opens=opens)
            if marks:
                begun = False
                yield from marks
            if layout.ended:
                break
    yield from layout.end(begun=begun)


@define(eq=False, repr=False)
class _Layout:
    source: SourceText
    report: Report
    levels: list[int] = field(init=False, factory=list)
    """The indentation of each block that is open, the file's own first."""
    tabbed: bool = False
    ended: bool = False

    def first_line(self, at: int) -> None:
        """The first token of a logical line; sets the margin of the file."""
        if self.levels:
            return
        margin = self.source.text[self.source.text.rfind("\n", 0, at) + 1 : at]
        self.levels = [self._width(margin, at)]
        if margin:
            self.report(
                Code.INDENTATION,
                "the first line is indented, but there is no block that it could belong to",
                Span(self.source, at, at + 1),
                "begin the line at the left margin",
            )

    def newline(self, token: Token, *, opens: bool) -> list[Token]:
        """What the newline between two lines means; nothing if the second continues the first."""
        at, end, levels = token.start, token.end, self.levels
        width = self._width(token.text[token.text.rindex("\n") + 1 :], end)
        if width > levels[-1]:
            if not opens:
                return []
            if len(levels) > DEEPEST:
                return self._too_deep(at, end)
            levels.append(width)
            return [_mark("_NEWLINE", at), _mark("_INDENT", end)]
        marks = [_mark("_NEWLINE", at)]
        while len(levels) > 1 and width <= levels[-2]:
            levels.pop()
            marks.append(_mark("_DEDENT", at))
        if width != levels[-1]:
            if len(levels) > 1:
                self.report(
                    Code.INDENTATION,
                    f"this line is indented by {width}, its block by {levels[-1]}",
                    Span(self.source, end, end + 1),
                    "indent it as the other lines of its block",
                )
            levels[-1] = width
        return marks

    def end(self, *, begun: bool) -> list[Token]:
        """The end of the file: of its last line, and of all blocks."""
        at = len(self.source.text)
        marks = [_mark("_NEWLINE", at)] if begun else []
        return marks + [_mark("_DEDENT", at) for _ in self.levels[1:]]

    def _too_deep(self, at: int, end: int) -> list[Token]:
        self.ended = True
        self.report(
            Code.NESTING,
            f"more than {DEEPEST} blocks inside each other; the rest is not read",
            Span(self.source, end, end + 1),
            "move the inner blocks to a file of their own and `include` it",
        )
        unread = ("_NEWLINE", "_INDENT", "WORD", "_NEWLINE", "_DEDENT")
        return [_mark(kind, at) for kind in unread]

    def _width(self, margin: str, end: int) -> int:
        """Columns of an indentation that ends at `end`; reports the first tab of the file."""
        if "\t" not in margin:
            return len(margin)
        if not self.tabbed:
            self.tabbed = True
            start = end - len(margin) + margin.index("\t")
            self.report(
                Code.TAB,
                "a tab in the indentation",
                Span(self.source, start, start + 1),
                "indent with spaces; `bulkflow fmt` replaces tabs where they alone indent",
            )
        return len(margin.expandtabs(_TAB))


def _mark(kind: str, at: int) -> Token:
    return Token(kind, "", at, at)
