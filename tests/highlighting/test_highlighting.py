"""The TextMate grammar and the Pygments lexer see what the parser sees."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lark import Token
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import Token as Kind

from bulkflow.language.highlighting import BulkflowLexer
from bulkflow.language.syntax.grammar import build_parser, load_grammar
from bulkflow.source import SourceText
from support.scopes import AMBIGUOUS, NUMBERS, SCOPES, STRUCTURE, hold_against
from support.textmate import TextMate

ROOT = Path(__file__).parents[2]
GRAMMAR = ROOT / "grammar" / "bulkflow.tmLanguage.json"

MISTAKES = {"UNKNOWN", "UNCLOSED_TEXT", "UNCLOSED_LONG_TEXT"}
LAYOUT = {"NEWLINE", "_NEWLINE", "_INDENT", "_DEDENT"}

PYGMENTS = {
    **dict.fromkeys(STRUCTURE, (Kind.Keyword, Kind.Operator.Word)),
    **dict.fromkeys(NUMBERS, (Kind.Literal.Number, Kind.Literal.Date)),
    "TRUE": (Kind.Keyword.Constant,),
    "FALSE": (Kind.Keyword.Constant,),
    "ENVIRONMENT": (Kind.Keyword.Pseudo,),
    "TEXT": (Kind.String.Double,),
    "LONG_TEXT": (Kind.String.Heredoc,),
    "EQUALS": (Kind.Operator,),
    "_LPAR": (Kind.Punctuation,),
    "_RPAR": (Kind.Punctuation,),
    "COMMENT": (Kind.Comment,),
    "WORD": (Kind.Name,),
}


def grammar() -> dict[str, object]:
    loaded: dict[str, object] = json.loads(GRAMMAR.read_text("utf-8"))
    return loaded


def test_the_corpus_has_every_terminal_of_the_grammar(kinds: set[str]) -> None:
    known = {terminal.name for terminal in build_parser(load_grammar()).terminals}
    ignored = {name for name in known if name.startswith("__IGNORE")}
    assert kinds - {"COMMENT"} == known - ignored - MISTAKES - LAYOUT


def test_every_terminal_has_a_colour(kinds: set[str]) -> None:
    assert kinds == SCOPES.keys() | {"WORD"} == PYGMENTS.keys()


def test_textmate_sees_the_tokens_of_the_parser(source: SourceText, tokens: list[Token]) -> None:
    hold_against(tokens, TextMate(grammar()).scopes(source.text))


def test_pygments_sees_the_tokens_of_the_parser(source: SourceText, tokens: list[Token]) -> None:
    found = list(BulkflowLexer().get_tokens_unprocessed(source.text))
    assert "".join(text for _, _, text in found) == source.text
    kinds = {at: kind for at, kind, text in found if text}
    assert Kind.Error not in kinds.values()
    for token in tokens:
        kind = kinds.get(token.start_pos)
        if token.type != "WORD" or token not in AMBIGUOUS:
            assert any(kind in each for each in PYGMENTS[token.type]), token


@pytest.mark.parametrize(
    ("text", "word", "scope"),
    [
        ("upload then close job a", "upload", "entity.name.function"),
        ("upload then close job a", "close", "entity.name.function"),
        ("upload on failure abort", "abort", "entity.name.function"),
        ("upload then close job a", " a", "entity.name.type"),
        ("job accounts", "accounts", "entity.name.type"),
        ("org source = prod", "source", "entity.name.type"),
        ("job a\n    in target", "in", "entity.name.function"),
        ("job a\n    in target", "target", "entity.name.type"),
        ("param region", "region", "variable.other"),
        ('for file in "x"', "file", "variable.other"),
        ('log "in {region}"', "{region}", "variable.other.interpolated"),
        (r'log "a\qb"', "\\q", "invalid"),
        ("wait\n    for job a", "for", "keyword"),
        ("for-ever", "for", "entity.name.function"),
        ("org-chart show", "org", "entity.name.function"),
        ("pause 30s", "30", "constant.numeric.duration"),
        ('log "a # b"', "#", "string"),
        ('log "open # b', "#", "string"),
        ('log "open\nload', "load", "entity.name.function"),
    ],
)
def test_textmate_has_a_scope_for(text: str, word: str, scope: str) -> None:
    at = text.index(word) + len(word) - 1
    assert any(name.startswith(scope) for name in TextMate(grammar()).scopes(text)[at])


def test_pygments_shows_mistakes_in_texts_and_goes_on() -> None:
    found = list(BulkflowLexer().get_tokens('log "a\\qb{}\nload "x'))
    assert (Kind.Error, "\\") in found
    assert (Kind.Name.Function, "load") in found


def test_pygments_shows_the_names_of_orgs() -> None:
    found = list(BulkflowLexer().get_tokens("org source = prod\njob a\n    in source\n"))
    names = [text for kind, text in found if kind is Kind.Name.Class]
    assert names == ["source", "a", "source"]


def test_pygments_finds_the_lexer_by_name_and_by_file() -> None:
    assert isinstance(get_lexer_by_name("bulkflow"), BulkflowLexer)
    assert isinstance(get_lexer_for_filename("nightly.bulkflow"), BulkflowLexer)


def test_the_extension_of_the_editor_names_what_is_there() -> None:
    folder = ROOT / "docs" / "vscode"
    package = json.loads((folder / "package.json").read_text("utf-8"))
    (language,) = package["contributes"]["languages"]
    (colours,) = package["contributes"]["grammars"]
    assert (folder / package["main"]).is_file()
    assert language["extensions"] == [".bulkflow"]
    json.loads((folder / language["configuration"]).read_text("utf-8"))
    assert colours["scopeName"] == grammar()["scopeName"]
    assert f"../../grammar/{Path(colours['path']).name}" in package["scripts"]["prepackage"]
