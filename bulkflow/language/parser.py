"""From text to a syntax tree, past every mistake.

The parser never gives up on a line: at a token that it cannot take it reports, skips to the end of
the logical line, and puts in what the line lacks to be complete (a name, a text, `in`). So a broken
`job` line still declares its job and keeps its clauses, and one mistake makes one message. What
was put in is empty, and starts and ends where the line ends.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from bulkflow.language.automaton import Automaton, Token
from bulkflow.language.builder import Builder
from bulkflow.language.codes import Code
from bulkflow.language.depth_limit import DEEPEST_CONDITION, ConditionDepth
from bulkflow.language.grammar import table
from bulkflow.language.indentation import arrange
from bulkflow.language.syntax_errors import expectation
from bulkflow.model.diagnostic import MOST_DIAGNOSTICS, Diagnostic
from bulkflow.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow.language.tree import File
    from bulkflow.source import SourceText

_STAND_INS = (
    ("_NEWLINE", ""),
    ("WORD", ""),
    ("TEXT", '""'),
    ("EQUALS", "="),
    ("_IN", "in"),
    ("_RPAR", ")"),
)
"""What may be put in to complete a line, in the order in which it is tried."""


_ODD_MARGIN = re.compile(
    r"(?m)^ *([\u00a0\u2000-\u200a\u202f\u3000])[ \u00a0\u2000-\u200a\u202f\u3000]*"
)
"""An indentation with spaces of another kind."""


@frozen
class Parsed:
    """A syntax tree, and what is wrong with the text, in source order.

    After `MOST_DIAGNOSTICS` mistakes the rest of the text is not read.
    """

    tree: File
    diagnostics: tuple[Diagnostic, ...]
    broken: tuple[Span, ...] = field(default=(), repr=False)
    """The logical lines that the tree does not show as they were meant."""


def parse(source: SourceText) -> Parsed:
    """Parse a text of any content; structure only, no plugin is needed.

    Raises:
        GrammarMissingError: the installation lacks its grammar.
    """
    return _Parsing(source).run()


@define(eq=False, repr=False)
class _Parsing:
    source: SourceText
    diagnostics: list[Diagnostic] = field(factory=list)
    broken: list[Span] = field(factory=list)
    automaton: Automaton = field(init=False)
    line: list[Token] = field(factory=list)
    """The tokens of the logical line so far."""
    skipping: bool = False
    depth: ConditionDepth = field(factory=ConditionDepth)

    def __attrs_post_init__(self) -> None:
        self.automaton = Automaton(table(), self._margins_of_spaces())

    def run(self) -> Parsed:
        automaton = self.automaton
        for token in arrange(self._tokens(), self.source, self.report):
            kind = token.kind
            if not self.skipping:
                if self.depth.take(kind):
                    self._too_deep(token)
                elif not automaton.take(token):
                    self._unexpected(token)
            if kind == "_NEWLINE":
                if self.skipping:
                    self._complete(token)
                self._end_line()
            elif kind not in ("_INDENT", "_DEDENT"):
                self.line.append(token)
        file = Builder(self.source, self.report, self.broken).file(automaton.finish())
        found = sorted(self.diagnostics, key=lambda each: each.span.start)
        broken = sorted(self.broken, key=lambda each: each.start)
        return Parsed(file, tuple(found), tuple(broken))

    def _tokens(self) -> Iterator[Token]:
        for token in self.automaton.tokens():
            yield token
            if token.kind == "NEWLINE" and len(self.diagnostics) >= MOST_DIAGNOSTICS:
                return

    def _margins_of_spaces(self) -> str:
        """The text, with ordinary spaces where lines are indented with others, as copied ones are.

        A text of several lines may hold them for good reason, so where there is one all stays.
        """
        text = self.source.text
        found = None if '"""' in text else _ODD_MARGIN.search(text)
        if found is None:
            return text
        at = found.start(1)
        self.report(
            Code.UNKNOWN_CHARACTER,
            f"the character U+{ord(text[at]):04X} in the indentation",
            Span(self.source, at, at + 1),
            "this is no ordinary space; an editor can replace all of them in the file at once",
        )
        return _ODD_MARGIN.sub(lambda margin: " " * len(margin[0]), text)

    def report(self, code: Code, message: str, span: Span, help: str | None = None) -> None:  # noqa: A002 - the word that users see
        """Note a mistake."""
        if len(self.diagnostics) < MOST_DIAGNOSTICS:
            self.diagnostics.append(Diagnostic(code.value, message, span, help))

    def _end_line(self) -> None:
        self.line, self.skipping = [], False
        self.depth.reset()

    def _too_deep(self, token: Token) -> None:
        self.report(
            Code.NESTING,
            f"more than {DEEPEST_CONDITION} `not` and `(` inside each other",
            Span(self.source, token.start, token.end),
            "split the condition into `when` blocks inside each other",
        )
        self.skipping = True

    def _unexpected(self, token: Token) -> None:
        code, message, span, help_line = expectation(
            self.source, self.line, token, self.automaton.expected
        )
        self.report(code, message, span, help_line)
        # Without its colon, `job: accounts` is what was meant.
        self.skipping = not (token.text == ":" and len(self.line) == 1)

    def _complete(self, newline: Token) -> None:
        """Bring the parser to the end of a line that it did not take to its end."""
        at = newline.start
        self.broken.append(Span(self.source, self.line[0].start if self.line else at, at))
        for _ in range(4 * DEEPEST_CONDITION):
            for kind, text in _STAND_INS:
                if self.automaton.take(Token(kind, text, at, at)):
                    if kind == "_NEWLINE":
                        return
                    break
        raise AssertionError("no stand-ins complete the line")
