"""The files that highlighters are held against, and their tokens."""

from __future__ import annotations

import pytest
from lark import Token

from bulkflow.source import SourceText
from support.tokens import CORPUS, tokens_of


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
