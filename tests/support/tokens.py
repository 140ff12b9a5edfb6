"""The tokens of the grammar, in every file that highlighters are held against."""

from __future__ import annotations

from pathlib import Path

from lark import Token

from bulkflow.language.formatter.comments import find_comments
from bulkflow.language.syntax.grammar import get_parser
from bulkflow.language.syntax.indentation import add_indents
from bulkflow.source import SourceText

TESTS = Path(__file__).parents[1]
CORPUS = [
    *sorted((TESTS / "language" / "cases" / "valid").glob("*.bulkflow")),
    *sorted((TESTS / "formatter" / "cases").glob("*.out")),
    *sorted((TESTS / "graph" / "cases").glob("*.bulkflow")),
]


def tokens_of(source: SourceText) -> list[Token]:
    """What the lexer finds in a text without mistakes, comments included."""
    parser = get_parser().parse_interactive(source.text)
    found = []

    def refuse(*_: object) -> None:
        raise AssertionError("the corpus has no mistakes")

    tokens = parser.lexer_thread.lex(parser.parser_state)
    for token in add_indents(tokens, source, refuse):
        parser.feed_token(token)
        if token.type not in ("_NEWLINE", "_INDENT", "_DEDENT"):
            found.append(token)
    return found + [
        Token("COMMENT", each.text, each.start, end_pos=each.start + len(each.text))
        for each in find_comments(source)
    ]
