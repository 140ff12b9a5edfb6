"""Parse a text into a syntax tree, and recover from every syntax error.

The parser never gives up on a line. At a token that does not fit, it reports an error, skips to the
end of the logical line, and adds what the line needs to be complete: a name, a text, `in`. A broken
`job` line still declares its job and keeps its clauses, and one mistake gives one message. The
added tokens are empty and are placed at the end of the line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from attrs import define, field, frozen
from lark.exceptions import UnexpectedToken

from bulkflow.language.codes import Code
from bulkflow.language.syntax.builder import Builder
from bulkflow.language.syntax.depth_limit import DEEPEST_CONDITION, ConditionDepth
from bulkflow.language.syntax.grammar import get_parser
from bulkflow.language.syntax.indentation import add_indents
from bulkflow.language.syntax.syntax_errors import FORMS, describe_unexpected
from bulkflow.language.syntax.tokens import get_end, get_span, get_start, make_token
from bulkflow.model.diagnostic import MAX_DIAGNOSTICS, Diagnostic
from bulkflow.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lark import Token, Tree
    from lark.parsers.lalr_interactive_parser import InteractiveParser

    from bulkflow.language.syntax.tree import FileNode
    from bulkflow.source import SourceText

_STAND_INS = (
    ("_NEWLINE", ""),
    ("WORD", ""),
    ("TEXT", '""'),
    ("EQUALS", "="),
    ("_IN", "in"),
    ("_RPAR", ")"),
)
"""Tokens that complete a broken line, in the order in which they are tried."""


_ODD_MARGIN = re.compile(
    r"(?m)^ *([\u00a0\u2000-\u200a\u202f\u3000])[ \u00a0\u2000-\u200a\u202f\u3000]*"
)
"""An indentation that contains spaces other than the ordinary one."""


_VARIABLE = re.compile(r"[ \t]+(?!in\b)(?P<name>\w(?:[\w.\-]*\w)?)")
"""The name after `for each`."""


@frozen
class Parsed:
    """A syntax tree and the errors in the text, in source order.

    Parsing stops after `MAX_DIAGNOSTICS` errors.
    """

    tree: FileNode
    diagnostics: tuple[Diagnostic, ...]
    broken: tuple[Span, ...] = field(default=(), repr=False)
    """The logical lines with a syntax error. The tree shows them incompletely."""


def parse(source: SourceText) -> Parsed:
    """Parse any text. Checks the structure only, so no plugin is needed.

    Raises:
        GrammarMissingError: The grammar is missing or damaged.
    """
    return _Parsing(source).run()


@define(eq=False, repr=False)
class _Parsing:
    source: SourceText
    diagnostics: list[Diagnostic] = field(factory=list)
    broken: list[Span] = field(factory=list)
    lark: InteractiveParser = field(init=False)
    line: list[Token] = field(factory=list)
    """The tokens of the current logical line."""
    skipping: bool = False
    depth: ConditionDepth = field(factory=ConditionDepth)

    def __attrs_post_init__(self) -> None:
        self.lark = get_parser().parse_interactive(self._replace_odd_margins())

    def run(self) -> Parsed:
        for token in add_indents(self._tokens(), self.source, self.report):
            kind = token.type
            if not self.skipping:
                if self.depth.take(kind):
                    self._refuse_depth(token)
                else:
                    self._feed(token)
            if kind == "_NEWLINE":
                if self.skipping:
                    self._complete(token)
                self._end_line()
            elif kind not in ("_INDENT", "_DEDENT"):
                self.line.append(token)
        root = cast("Tree[Token]", self.lark.feed_token(make_token("$END", len(self.source.text))))
        file = Builder(self.source, self.report, self.broken).build_file(root)
        found = sorted(self.diagnostics, key=lambda each: each.span.start)
        broken = sorted(self.broken, key=lambda each: each.start)
        return Parsed(file, tuple(found), tuple(broken))

    def _tokens(self) -> Iterator[Token]:
        lexer = self.lark.lexer_thread
        for token in lexer.lex(self.lark.parser_state):  # type: ignore[no-untyped-call]
            if token.type != "WORD" or self.skipping:
                yield token
            elif not self._is_filler(token):
                yield self._correct_case(token)
            if token.type == "NEWLINE" and len(self.diagnostics) >= MAX_DIAGNOSTICS:
                return

    def _is_filler(self, token: Token) -> bool:
        """Report `each` in `for each file in "*.csv"`, and return True to ignore it."""
        if token.value != "each" or not self.line or self.line[-1].type != "FOR":
            return False
        variable = _VARIABLE.match(self.source.text, get_end(token))
        if variable is None:
            return False
        self.report(
            Code.UNEXPECTED,
            "expected a name after `for`, not `each`",
            get_span(token, self.source),
            f"write `for {variable['name']} in …`",
        )
        return True

    def _correct_case(self, token: Token) -> Token:
        """Report `Job` at the beginning of a statement, and read it as `job`."""
        lower = token.value.lower()
        kind = lower.upper()
        if kind not in FORMS or token.value == lower or kind not in self._list_accepted():
            return token
        self.report(
            Code.UNEXPECTED,
            f"`{token.value}` must be in lower case",
            get_span(token, self.source),
            f"did you mean `{lower}`?",
        )
        return token.update(kind, lower)

    def _list_accepted(self) -> set[str]:
        accepted: set[str] = self.lark.accepts()  # type: ignore[no-untyped-call]
        return accepted

    def _replace_odd_margins(self) -> str:
        """Return the text with ordinary spaces in indentations. Copied text often has others.

        Leaves a file with multi-line texts as it is: these may contain such spaces on purpose.
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
            "it looks like a space but is not; replace all of them in the file with spaces",
        )
        return _ODD_MARGIN.sub(lambda margin: " " * len(margin[0]), text)

    def report(self, code: Code, message: str, span: Span, help: str | None = None) -> None:  # noqa: A002 - the word that users see
        """Record a mistake."""
        if len(self.diagnostics) < MAX_DIAGNOSTICS:
            self.diagnostics.append(Diagnostic(code.value, message, span, help))

    def _end_line(self) -> None:
        self.line, self.skipping = [], False
        self.depth.reset()

    def _refuse_depth(self, token: Token) -> None:
        self.report(
            Code.NESTING,
            f"`not` and `(` are nested more than {DEEPEST_CONDITION} deep",
            get_span(token, self.source),
            "split the condition into nested `when` blocks",
        )
        self.skipping = True

    def _feed(self, token: Token) -> None:
        try:
            self.lark.feed_token(token)
        except UnexpectedToken as error:
            code, message, span, help_line = describe_unexpected(
                self.source, self.line, token, error.expected
            )
            self.report(code, message, span, help_line)
            # `job: accounts` is a job line if the colon is ignored.
            self.skipping = not (token.value == ":" and len(self.line) == 1)

    def _complete(self, newline: Token) -> None:
        """Feed the tokens that the broken line needs to be complete."""
        at = get_start(newline)
        self.broken.append(Span(self.source, get_start(self.line[0]) if self.line else at, at))
        for _ in range(4 * DEEPEST_CONDITION):
            if self._feed_stand_in(at) == "_NEWLINE":
                return
        raise AssertionError("the stand-ins do not complete the line")

    def _feed_stand_in(self, at: int) -> str | None:
        for kind, text in _STAND_INS:
            try:
                self.lark.feed_token(make_token(kind, at, text))
            except UnexpectedToken:
                continue
            return kind
        return None
