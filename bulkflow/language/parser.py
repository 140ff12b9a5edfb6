"""From text to a syntax tree, past every mistake.

The parser never gives up on a line: at a token that it cannot take it reports, skips to the end of
the logical line, and puts in what the line lacks to be complete (a name, a text, `in`). So a broken
`job` line still declares its job and keeps its clauses, and one mistake makes one message. What
was put in is empty, and starts and ends where the line ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from attrs import define, field, frozen

from bulkflow.language.builder import Builder
from bulkflow.language.codes import Code
from bulkflow.language.expectation import expectation
from bulkflow.language.grammar import lalr_parser
from bulkflow.language.layout import arrange
from bulkflow.language.nesting import DEEPEST_CONDITION, ConditionDepth
from bulkflow.model.diagnostic import Diagnostic
from bulkflow.source import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lark import Token, Tree
    from lark.exceptions import UnexpectedToken
    from lark.parsers.lalr_parser_state import ParserState

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


@frozen
class Parsed:
    """A syntax tree, and what is wrong with the text, in source order."""

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


@define(eq=False)
class _Parsing:
    source: SourceText
    diagnostics: list[Diagnostic] = field(factory=list)
    broken: list[Span] = field(factory=list)
    state: ParserState[int] = field(init=False)
    line: list[Token] = field(factory=list)
    """The tokens of the logical line so far."""
    skipping: bool = False
    depth: ConditionDepth = field(factory=ConditionDepth)

    def run(self) -> Parsed:
        from lark import Token
        from lark.exceptions import UnexpectedToken

        interactive = lalr_parser().parse_interactive(self.source.text)
        self.state = interactive.parser_state
        feed = self.state.feed_token
        lex = cast("Callable[[object], Iterator[Token]]", interactive.lexer_thread.lex)
        for token in arrange(lex(self.state), self.source, self.report):
            kind = token.type
            if not self.skipping:
                try:
                    if self.depth.take(kind):
                        self._too_deep(token)
                    else:
                        feed(token)
                except UnexpectedToken as error:
                    self._unexpected(error)
            if kind == "_NEWLINE":
                if self.skipping:
                    self._complete(token)
                self._end_line()
            elif kind not in ("_INDENT", "_DEDENT"):
                self.line.append(token)
        root = feed(Token("$END", "", len(self.source.text)), is_end=True)
        file = Builder(self.source, self.report).file(cast("Tree[Token]", root))
        found = sorted(self.diagnostics, key=lambda each: each.span.start)
        return Parsed(file, tuple(found), tuple(self.broken))

    def report(self, code: Code, message: str, span: Span, help: str | None = None) -> None:  # noqa: A002 - the word that users see
        """Note a mistake."""
        self.diagnostics.append(Diagnostic(code.value, message, span, help))

    def _end_line(self) -> None:
        self.line, self.skipping = [], False
        self.depth.reset()

    def _too_deep(self, token: Token) -> None:
        at = token.start_pos or 0
        self.report(
            Code.NESTING,
            f"more than {DEEPEST_CONDITION} `not` and `(` inside each other",
            Span(self.source, at, at + len(token)),
            "split the condition into `when` blocks inside each other",
        )
        self.skipping = True

    def _unexpected(self, error: UnexpectedToken) -> None:
        code, message, span, help_line = expectation(self.source, self.line, error)
        self.report(code, message, span, help_line)
        self.skipping = True

    def _complete(self, newline: Token) -> None:
        """Bring the parser to the end of a line that it did not take to its end."""
        from lark import Token
        from lark.exceptions import UnexpectedToken

        at = newline.start_pos or 0
        start = self.line[0].start_pos if self.line else None
        self.broken.append(Span(self.source, at if start is None else start, at))
        for _ in range(4 * DEEPEST_CONDITION):
            for kind, text in _STAND_INS:
                try:
                    self.state.feed_token(Token(kind, text, at, end_pos=at))
                except UnexpectedToken:
                    continue
                if kind == "_NEWLINE":
                    return
                break
        raise AssertionError("no stand-ins complete the line")
