"""Find the grammar file, and build the parser that lark generates from it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from bulkflow.distribution import get_reinstall_command
from bulkflow.errors import BulkflowError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lark import Lark, Token

_FILE = "bulkflow.lark"

EVERYWHERE = frozenset({
    "WORD", "TEXT", "LONG_TEXT", "INTEGER", "DURATION", "SIZE", "PERCENT", "TRUE", "FALSE",
    "EQUALS", "_LPAR", "_RPAR",
    "UNCLOSED_LONG_TEXT", "UNCLOSED_TEXT", "UNKNOWN", "NEWLINE",
})  # fmt: skip
"""Terminals that the lexer recognizes in every parser state. Together they match any text, so the
lexer never fails: the parser reports all syntax errors."""


class GrammarMissingError(BulkflowError):
    """The grammar file is missing or damaged."""

    exit_code = ExitCode.WRONG


class AlwaysAccept:
    """Tell lark's contextual lexer which terminals to accept in every state.

    The lexer produces plain NEWLINE tokens; `bulkflow.language.syntax.indentation` turns them into
    indents and dedents.
    """

    always_accept: ClassVar[list[str]] = sorted(EVERYWHERE)

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        """Return the tokens unchanged."""
        return stream


def load_grammar() -> str:
    """Read the grammar from the installed package, or else from the checkout.

    Raises:
        GrammarMissingError: The file is in neither place, or is unreadable.
    """
    package = Path(__file__).parents[2]
    places = package / "_grammar" / _FILE, package.parent / "grammar" / _FILE
    failure: OSError | UnicodeDecodeError | None = None
    for place in places:
        try:
            return place.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            failure = error
    raise GrammarMissingError(
        "the grammar of the pipeline language is missing from this installation",
        help=f"reinstall bulkflow: {get_reinstall_command()}",
        notes=[f"looked for {place}" for place in places],
    ) from failure


@cache
def get_parser() -> Lark:
    """Return the parser, from the cache on disk if it has one for this grammar.

    Raises:
        GrammarMissingError: The grammar is missing or damaged.
    """
    from bulkflow.language.syntax.parser_cache import ParserCache, find_cache_folder

    grammar = load_grammar()
    cached = ParserCache(find_cache_folder(), grammar)
    parser = cached.load()
    if parser is None:
        parser = build_parser(grammar)
        cached.save(parser)
    return parser


def build_parser(grammar: str, *, strict: bool = False) -> Lark:
    """Build a parser from the text of a grammar.

    Args:
        grammar: The grammar, in lark's notation.
        strict: Reject terminals that match the same text.

    Raises:
        GrammarMissingError: The text is not a valid grammar.
    """
    from lark import Lark
    from lark.exceptions import LarkError

    try:
        return Lark(
            grammar,
            parser="lalr",
            start="file",
            postlex=AlwaysAccept(),
            maybe_placeholders=False,
            strict=strict,
        )
    except LarkError as error:
        raise GrammarMissingError(
            "the grammar of the pipeline language is damaged in this installation",
            help=f"reinstall bulkflow: {get_reinstall_command()}",
            notes=[str(error)],
        ) from error
