"""Work with lark's tokens: where they are in a source text, and tokens without a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lark import Token

from bulkflow.source import Span

if TYPE_CHECKING:
    from bulkflow.source import SourceText


def make_token(kind: str, at: int, text: str = "") -> Token:
    """Make a token that takes up no room in the source text."""
    return Token(kind, text, start_pos=at, end_pos=at)


def get_start(token: Token) -> int:
    """Return the offset of the token's first character."""
    assert token.start_pos is not None
    return token.start_pos


def get_end(token: Token) -> int:
    """Return the offset after the token's last character."""
    assert token.end_pos is not None
    return token.end_pos


def get_span(token: Token, source: SourceText) -> Span:
    """Return the token's place in its source."""
    return Span(source, get_start(token), get_end(token))
