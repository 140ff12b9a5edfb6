"""The grammar file, and how it is found."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bulkflow.errors import ExitCode
from bulkflow.language import GrammarMissingError, load_grammar
from bulkflow.language.syntax import grammar
from bulkflow.language.syntax.grammar import EVERYWHERE, build_parser


def test_no_two_terminals_take_the_same_text():
    assert build_parser(load_grammar(), strict=True)


def test_the_checks_of_strict_mode_find_a_collision():
    colliding = load_grammar().replace("INTEGER.2:", "INTEGER:")
    with pytest.raises(GrammarMissingError):
        build_parser(colliding, strict=True)


def test_the_terminals_that_are_told_apart_everywhere_exist():
    names = {terminal.name for terminal in build_parser(load_grammar()).terminals}
    assert set(EVERYWHERE) <= names


def test_a_missing_grammar_is_an_error_that_says_what_to_do(monkeypatch):
    monkeypatch.setattr(grammar, "_FILE", "no-such-grammar.lark")
    with pytest.raises(GrammarMissingError) as caught:
        load_grammar()
    assert caught.value.exit_code is ExitCode.WRONG
    assert "reinstall bulkflow" in (caught.value.help or "")
    assert len(caught.value.notes) == 2


def test_a_damaged_grammar_is_an_error_of_ours():
    with pytest.raises(GrammarMissingError) as caught:
        build_parser("file: (")
    assert caught.value.__cause__ is not None


def test_importing_the_room_loads_no_lark():
    program = "import sys, bulkflow.language; print('lark' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "False"
