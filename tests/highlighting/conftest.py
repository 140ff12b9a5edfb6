"""The tokens of the lark grammar, which highlighters are held against."""

from __future__ import annotations

from pathlib import Path

import pytest
from lark import Token

from bulkflow.language.formatter.comments import find_comments
from bulkflow.language.grammar import lalr_parser
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
    interactive = lalr_parser().parse_interactive(source.text)
    state = interactive.parser_state
    found = []

    def refuse(*_: object) -> None:
        raise AssertionError("the corpus has no mistakes")

    for token in arrange(interactive.lexer_thread.lex(state), source, refuse):
        state.feed_token(token)
        if token.type not in ("_NEWLINE", "_INDENT", "_DEDENT"):
            found.append(token)
    found += [Token("COMMENT", each.text, each.start) for each in find_comments(source)]
    return found


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
    return {token.type for source in sources for token in tokens_of(source)}
