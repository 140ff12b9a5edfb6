"""The tokens of the grammar, in every file that highlighters are held against."""

from __future__ import annotations

from pathlib import Path

from bulkflow.language.automaton import Automaton, Token
from bulkflow.language.formatter.comments import find_comments
from bulkflow.language.grammar import table
from bulkflow.language.indentation import arrange
from bulkflow.source import SourceText

TESTS = Path(__file__).parents[1]
CORPUS = [
    *sorted((TESTS / "language" / "cases" / "valid").glob("*.bulkflow")),
    *sorted((TESTS / "formatter" / "cases").glob("*.out")),
    *sorted((TESTS / "graph" / "cases").glob("*.bulkflow")),
]


def tokens_of(source: SourceText) -> list[Token]:
    """What the lexer finds in a text without mistakes, comments included."""
    automaton = Automaton(table(), source.text)
    found = []

    def refuse(*_: object) -> None:
        raise AssertionError("the corpus has no mistakes")

    for token in arrange(automaton.tokens(), source, refuse):
        assert automaton.take(token)
        if token.kind not in ("_NEWLINE", "_INDENT", "_DEDENT"):
            found.append(token)
    return found + [
        Token("COMMENT", each.text, each.start, each.start + len(each.text))
        for each in find_comments(source)
    ]
