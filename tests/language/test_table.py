"""The kept table is that of the grammar, and a parser made of it parses as a built one does.

To write it anew after the grammar or lark has changed: BULKFLOW_REGENERATE=1 pytest tests/language
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import bulkflow.language
from bulkflow.language import load_grammar, parse
from bulkflow.language import parser as parsing
from bulkflow.language.grammar import build_parser, parser_from
from bulkflow.language.table import read_table, table_of
from bulkflow.source import SourceText

FILE = Path(bulkflow.language.__file__).parent / "table.json"
CASES = sorted((Path(__file__).parent / "cases").rglob("*.bulkflow"))


@pytest.fixture(scope="module")
def built():
    return build_parser(load_grammar())


def test_the_kept_table_is_that_of_the_grammar(built) -> None:
    # lark numbers the states as it pleases, so the texts of two tables differ.
    if os.environ.get("BULKFLOW_REGENERATE"):
        made = table_of(built, load_grammar())
        FILE.write_text(made, encoding="utf-8", newline="\n")
    assert read_table(load_grammar()) is not None


def test_a_parser_of_the_table_parses_as_a_built_one(built, monkeypatch) -> None:
    table = read_table(load_grammar())
    assert table is not None
    kept = parser_from(*table)
    for path in CASES:
        source = SourceText(path.name, path.read_text("utf-8", errors="replace"))
        parsed = []
        for parser in (built, kept):
            monkeypatch.setattr(parsing, "lalr_parser", lambda parser=parser: parser)
            parsed.append(parse(source))
        assert parsed[0] == parsed[1]


def test_a_table_of_another_grammar_is_not_used() -> None:
    assert read_table(load_grammar() + "// edited\n") is None
