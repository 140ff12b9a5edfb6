"""The framework knows no plugin's word: what it must know stands on the record of the word."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from bulkflow.distribution import DISTRIBUTION
from bulkflow.plugin.host import PluginHost

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "bulkflow").rglob("*.py"))

COMMANDS = "the name of a command"
KEYS = "a key of a JSON object"
STREAM = "an attribute of a stream"
LOOP = "the language's own `for NAME in`"

ALLOWED: dict[str, tuple[str, str]] = {
    "cli/abort.py": ("abort", COMMANDS),
    "cli/entry.py": ("abort retry save undo", COMMANDS),
    "cli/retry.py": ("retry", COMMANDS),
    "cli/save.py": ("save", COMMANDS),
    "cli/undo.py": ("undo", COMMANDS),
    "app/past_runs.py": ("save", "a word of a message"),
    "model/run_mode.py": ("abort retry save undo", COMMANDS),
    "engine/replay.py": ("continue retry stop", "how the journal records a flow signal"),
    "language/syntax/other_words.py": (
        (
            "abort any close complete continue create delimiter drop encoding existing fail from "
            "in insert keep load log over pause query rename require retry save set show stop undo "
            "update upload upsert wait"
        ),
        "what other languages have for it, offered to a user who writes a foreign word",
    ),
    "language/highlighting.py": ("in line", f"{LOOP}, and the scope of a comment"),
    "language/syntax/parser.py": ("in", LOOP),
    "language/syntax/syntax_errors.py": ("in", LOOP),
    "lsp/completion.py": ("in", LOOP),
    "lsp/cursor.py": ("line", "a token of the grammar"),
    "report/runs/event_json.py": ("parts", KEYS),
    "report/errors/json_diagnostics.py": ("line", KEYS),
    "report/plans/json_plan.py": ("parts", KEYS),
    "cli/usage_errors.py": ("load", "a command of other tools"),
    "cli/words_markdown.py": ("from", KEYS),
    "cli/environment.py": ("encoding", STREAM),
    "report/runs/report_stream.py": ("encoding", STREAM),
    "report/text/style.py": ("encoding", STREAM),
}
"""Words that are in a file of the framework and mean something else there, and what."""


@pytest.fixture(scope="session")
def declared() -> frozenset[str]:
    """The first words of all steps, clauses and conditions of the shipped plugins."""
    catalogue = PluginHost.discover().catalogue
    return frozenset(
        phrase.verb
        for record in (*catalogue.steps, *catalogue.clauses, *catalogue.conditions)
        if record.provider is not None and record.provider.distribution == DISTRIBUTION
        for phrase in record.phrases
    )


def find_words(source: str, words: frozenset[str]) -> set[str]:
    """Those of the words that a module has as a string."""
    return {each for each in _strings(ast.parse(source)) if each in words}


def _strings(tree: ast.Module) -> Iterator[str]:
    texts = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            texts.update(map(id, node.values))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in texts:
            yield node.value.rstrip().removeprefix(":")


def test_there_are_words(declared: frozenset[str]) -> None:
    assert {"load", "insert", "retry", "any"} <= declared


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_framework_has_no_word_of_a_plugin(path: Path, declared: frozenset[str]) -> None:
    allowed, _ = ALLOWED.get(path.relative_to(ROOT / "bulkflow").as_posix(), ("", ""))
    assert find_words(path.read_text("utf-8"), declared) == set(allowed.split())


@pytest.mark.parametrize(
    "sabotage",
    [
        'HANDS_OVER = "close"',
        'if step.word.startswith(("require ", "save ")): pass',
        'run.key.endswith(":undo")',
        "MAKES = ('insert', 'upsert')",
        "match verb:\n    case 'retry':\n        pass",
    ],
)
def test_a_word_is_noticed(sabotage: str, declared: frozenset[str]) -> None:
    assert find_words(sabotage, declared)


def test_docstrings_may_speak_of_words(declared: frozenset[str]) -> None:
    assert not find_words('"""load"""\nX = 1\n"""close"""', declared)
