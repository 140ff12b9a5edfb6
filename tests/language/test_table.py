"""The kept table is that of the grammar, and what runs it parses as lark does.

To write it anew after the grammar or lark has changed: BULKFLOW_REGENERATE=1 pytest tests/language
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lark import Token as LarkToken
from lark import Tree
from lark.exceptions import UnexpectedToken

from bulkflow.language import grammar as finding
from bulkflow.language import load_grammar, parse
from bulkflow.language.automaton import Automaton, Node, Token
from bulkflow.language.grammar import build_parser, table
from bulkflow.language.indentation import arrange
from bulkflow.language.table import FILE, kept_of, read_table
from bulkflow.source import SourceText

CASES = sorted((Path(__file__).parent / "cases").rglob("*.bulkflow"))
TEXTS = [path.read_text("utf-8", errors="replace") for path in CASES]


@pytest.fixture(scope="module")
def built():
    return build_parser(load_grammar())


def test_the_kept_table_is_the_one_that_lark_computes(built) -> None:
    made = kept_of(built, load_grammar())
    if os.environ.get("BULKFLOW_REGENERATE"):
        rows = json.dumps(made, separators=(",", ":")).replace("{", "\n{").lstrip()
        FILE.write_text(rows + "\n", encoding="utf-8", newline="\n")
    assert json.loads(FILE.read_bytes()) == json.loads(json.dumps(made))
    assert read_table(load_grammar()) is not None


def test_a_table_of_another_grammar_is_not_used() -> None:
    assert read_table(load_grammar() + "// edited\n") is None


@pytest.mark.parametrize("damaged", ["", "[]", "{}", '{"grammar": 1}'])
def test_a_damaged_table_is_not_used(damaged, monkeypatch, tmp_path) -> None:
    file = tmp_path / "table.json"
    file.write_text(damaged)
    monkeypatch.setattr("bulkflow.language.table.FILE", file)
    assert read_table(load_grammar()) is None


def test_without_a_table_the_grammar_is_read_by_lark(monkeypatch) -> None:
    edited = load_grammar().replace('ALWAYS:   "always"', 'ALWAYS:   "finally"')
    monkeypatch.setattr(finding, "load_grammar", lambda: edited)
    table.cache_clear()
    try:
        parsed = parse(SourceText("edited", "finally\n    log 1\n"))
        assert [type(each).__name__ for each in parsed.tree.body] == ["Always"]
    finally:
        table.cache_clear()


class Lark:
    """lark's own lexer and parser, asked the same."""

    def __init__(self, parser, text: str) -> None:
        self._interactive = parser.parse_interactive(text)
        self._state = self._interactive.parser_state
        self._text = text
        self.expected = set()

    def tokens(self):
        for token in self._interactive.lexer_thread.lex(self._state):
            yield Token(token.type, str(token), token.start_pos, token.end_pos)

    def take(self, token) -> bool:
        try:
            self._state.feed_token(LarkToken(token.kind, token.text))
        except UnexpectedToken as error:
            self.expected = error.expected
            return False
        return True

    def finish(self):
        return self._state.feed_token(LarkToken("$END", ""), is_end=True)


def plain(node):
    match node:
        case Tree():
            return str(node.data), [plain(each) for each in node.children]
        case Node():
            return node.rule, [plain(each) for each in node.children]
        case LarkToken():
            return str(node)
        case _:
            return node.text


def story(parser, text: str):
    """What happens up to the end, or to the first token that is not taken."""
    told = []
    for token in arrange(parser.tokens(), SourceText("law", text), lambda *_: None):
        told.append((token.kind, token.text, token.start, token.end))
        if not parser.take(token):
            return [*told, sorted(parser.expected)]
    return [*told, plain(parser.finish())]


@pytest.mark.parametrize("text", TEXTS)
def test_a_file_is_parsed_as_lark_parses_it(text, built) -> None:
    assert story(Automaton(table(), text), text) == story(Lark(built, text), text)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(TEXTS), st.data())
def test_a_file_without_a_piece_is_parsed_as_lark_parses_it(text, data) -> None:
    start = data.draw(st.integers(0, len(text)))
    cut = text[:start] + text[start + data.draw(st.integers(1, 20)) :]
    mine = story(Automaton(table(), cut), cut)
    assert mine == story(Lark(build(), cut), cut)


def build(made=[]):  # noqa: B006 - built once
    made or made.append(build_parser(load_grammar()))
    return made[0]
