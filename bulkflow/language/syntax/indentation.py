"""Turn newlines into the indents and dedents that the grammar uses.

There are three rules. A line that is indented deeper than a line that does not open a block
continues that line. A line that is indented deeper than a line that opens a block starts the block.
A block ends at the first line with less indentation. Blank lines and comments never matter: the
lexer makes them part of the preceding newline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from attrs import define, field

from bulkflow.language.codes import Code
from bulkflow.language.syntax.tokens import get_end, get_start, make_token
from bulkflow.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lark import Token

    from bulkflow.source import SourceText

OPENERS = frozenset({"JOB", "PARALLEL", "FOR", "WHEN", "ALWAYS"})
"""The first tokens of lines that open a block."""

DEEPEST = 50
"""How deep blocks may be nested. Limits the recursion over syntax trees."""

_TAB = 4


class Report(Protocol):
    """Receive a mistake in the text."""

    def __call__(self, code: Code, message: str, span: Span, help: str | None = None) -> None:  # noqa: A002 - the word that users see
        """Record the mistake."""
        ...


def add_indents(tokens: Iterable[Token], source: SourceText, report: Report) -> Iterator[Token]:
    """Replace each NEWLINE by _NEWLINE, _INDENT and _DEDENT, or drop it.

    Takes one token at a time, and the next one only after the parser has used the last one, because
    the lexer depends on the parser's state. Reports mistakes and continues with what was most
    likely meant. Stops where blocks are nested too deep.
    """
    layout = _Layout(source, report)
    begun = opens = False
    for token in tokens:
        if token.type != "NEWLINE":
            if not begun:
                layout.start_line(get_start(token))
                begun, opens = True, token.type in OPENERS
            yield token
        elif begun and get_end(token) < len(source.text):
            marks = layout.read_newline(token, opens=opens)
            if marks:
                begun = False
                yield from marks
            if layout.ended:
                break
    yield from layout.close(begun=begun)


@define(eq=False, repr=False)
class _Layout:
    source: SourceText
    report: Report
    levels: list[int] = field(init=False, factory=list)
    """The indentation of each open block. The file itself is the first."""
    tabbed: bool = False
    ended: bool = False

    def start_line(self, at: int) -> None:
        """Take the margin of the file from its first token."""
        if self.levels:
            return
        margin = self.source.text[self.source.text.rfind("\n", 0, at) + 1 : at]
        self.levels = [self._measure(margin, at)]
        if margin:
            self.report(
                Code.INDENTATION,
                "the first line is indented, but it is not inside a block",
                Span(self.source, at, at + 1),
                "start the line at the left margin",
            )

    def read_newline(self, token: Token, *, opens: bool) -> list[Token]:
        """Return what a newline means; nothing if the next line continues this one."""
        at, end, levels = get_start(token), get_end(token), self.levels
        width = self._measure(token[token.rindex("\n") + 1 :], end)
        if width > levels[-1]:
            if not opens:
                return []
            if len(levels) > DEEPEST:
                return self._stop(at, end)
            levels.append(width)
            return [make_token("_NEWLINE", at), make_token("_INDENT", end)]
        marks = [make_token("_NEWLINE", at)]
        while len(levels) > 1 and width <= levels[-2]:
            levels.pop()
            marks.append(make_token("_DEDENT", at))
        if width != levels[-1]:
            if len(levels) > 1:
                self.report(
                    Code.INDENTATION,
                    f"this line is indented by {width} spaces, the rest of its block by "
                    f"{levels[-1]}",
                    Span(self.source, end, end + 1),
                    f"indent it by {levels[-1]} spaces",
                )
            levels[-1] = width
        return marks

    def close(self, *, begun: bool) -> list[Token]:
        """End the last line and all open blocks."""
        at = len(self.source.text)
        marks = [make_token("_NEWLINE", at)] if begun else []
        return marks + [make_token("_DEDENT", at) for _ in self.levels[1:]]

    def _stop(self, at: int, end: int) -> list[Token]:
        self.ended = True
        self.report(
            Code.NESTING,
            f"blocks are nested more than {DEEPEST} deep; the rest of the file was not checked",
            Span(self.source, end, end + 1),
            "move the inner blocks to a file of their own and `include` it",
        )
        unread = ("_NEWLINE", "_INDENT", "WORD", "_NEWLINE", "_DEDENT")
        return [make_token(kind, at) for kind in unread]

    def _measure(self, margin: str, end: int) -> int:
        """Count the columns of an indentation that ends at `end`; report the file's first tab."""
        if "\t" not in margin:
            return len(margin)
        if not self.tabbed:
            self.tabbed = True
            start = end - len(margin) + margin.index("\t")
            self.report(
                Code.TAB,
                "a tab in the indentation",
                Span(self.source, start, start + 1),
                "indent with spaces; `bulkflow fmt` replaces the tabs of a file that is indented "
                "with tabs only",
            )
        return len(margin.expandtabs(_TAB))
