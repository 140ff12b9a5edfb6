"""The tokens of the grammar, which highlighters are held against."""

from __future__ import annotations

from pathlib import Path

import pytest

from bulkflow.language.automaton import Automaton, Token
from bulkflow.language.formatter.comments import find_comments
from bulkflow.language.grammar import table
from bulkflow.language.layout import arrange
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


@pytest.fixture(params=CORPUS, ids=lambda path: f"{path.parent.parent.name}-{path.stem}")
def source(request: pytest.FixtureRequest) -> SourceText:
    """Every file of the corpus."""
    return SourceText.decode(request.param.name, request.param.read_bytes())


@pytest.fixture
def tokens(source: SourceText) -> list[Token]:
    """Its tokens."""
    return tokens_of(source)


@pytest.fixture(scope="session")
def kinds() -> set[str]:
    """The kinds of all tokens of the corpus."""
    sources = [SourceText.decode(path.name, path.read_bytes()) for path in CORPUS]
    return {token.kind for source in sources for token in tokens_of(source)}
