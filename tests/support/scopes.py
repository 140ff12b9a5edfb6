"""What a TextMate highlighter has to make of each token of the grammar."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from lark import Token

from bulkflow.language.syntax.syntax_errors import FORMS

STRUCTURE = {
    *FORMS,
    "_THEN",
    "_IN",
    "_AND",
    "_OR",
    "NOT",
    "ON_FAILURE",
    "ON_SUCCESS",
    "ON_INTERRUPT",
}
"""Kinds of tokens that are words of the structure."""

NUMBERS = {"INTEGER", "DURATION", "SIZE", "PERCENT"}
AMBIGUOUS = {word.lower().strip("_") for word in STRUCTURE} | {"on", "env"}
"""Words that a highlighter, which does not know the layout, may take for structure."""

SCOPES = {
    **dict.fromkeys(STRUCTURE, r"keyword\.(control|declaration|operator\.logical)"),
    **dict.fromkeys(NUMBERS, r"constant\.numeric"),
    "TRUE": r"constant\.language",
    "FALSE": r"constant\.language",
    "ENVIRONMENT": r"keyword\.other\.environment",
    "TEXT": r"string\.quoted\.double",
    "LONG_TEXT": r"string\.quoted\.triple",
    "EQUALS": r"keyword\.operator\.assignment",
    "_LPAR": r"punctuation",
    "_RPAR": r"punctuation",
    "COMMENT": r"comment",
}


def hold_against(tokens: Iterable[Token], scopes: Sequence[Sequence[str]]) -> None:
    """Refuse scopes, a sequence for each character, that are not those of the tokens."""
    for token in tokens:
        first, last = (" ".join(scopes[at]) for at in (token.start_pos, token.end_pos - 1))
        if token.type == "WORD":
            if token not in AMBIGUOUS:
                named = first + last
                assert not re.search(r"keyword|constant|string|comment|invalid", named), token
        else:
            assert re.match(SCOPES[token.type], first), token
            if token.type in ("TEXT", "LONG_TEXT", "COMMENT"):
                assert re.match(SCOPES[token.type], last), token
    assert not any("invalid" in name for names in scopes for name in names)
