"""Docstrings, comments, messages, help texts and pages are written in plain English.

`banned_words.txt` has the rules.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

ROOT = Path(__file__).parents[2]
RULES = Path(__file__).with_name("banned_words.txt")

HELD = (
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
    "bench",
    "bulkflow",
    "docs",
    "examples",
    "plugins",
)
"""The files and folders that are held to the rules."""

WIRE = ("The body is no gzip", "The body is no JSON object", "The request body is no gzip")
"""Texts that clients of the sandbox receive."""

CODE = re.compile(r"^```.*?^```[ ]*$|`[^`]+`", re.MULTILINE | re.DOTALL)
PARAGRAPH = re.compile(r"(?:^.*\S.*\n?)+", re.MULTILINE)


@attrs.frozen
class Rule:
    pattern: re.Pattern[str]
    better: str


@attrs.frozen
class Passage:
    """A text for people, and the line where it begins."""

    line: int
    text: str


def read_rules() -> list[Rule]:
    lines = [line for line in RULES.read_text("utf-8").splitlines() if line and line[0] != "#"]
    pairs = [line.rsplit(" => ", 1) for line in lines]
    return [Rule(re.compile(pattern, re.IGNORECASE), better) for pattern, better in pairs]


def read_python(text: str) -> Iterator[Passage]:
    """Find the strings with several words, docstrings included, and the comments of a module."""
    inside: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.JoinedStr):
            parts = [each for each in node.values if isinstance(each, ast.Constant)]
            inside |= {id(each) for each in parts}
            yield Passage(node.lineno, "{}".join(str(each.value) for each in parts))
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in inside
            and " " in node.value.strip()
        ):
            yield Passage(node.lineno, node.value)
    yield from read_comments(text)


def read_comments(text: str) -> Iterator[Passage]:
    """Join the comments of adjacent lines."""
    first, last, words = 0, 0, ""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            line = token.start[0]
            if words and line == last + 1:
                words += f" {token.string.strip('# ')}"
            else:
                yield from [Passage(first, words)] if words else []
                first, words = line, token.string.strip("# ")
            last = line
    yield from [Passage(first, words)] if words else []


def read_markdown(text: str) -> Iterator[Passage]:
    """Find the paragraphs of a page, without code."""
    prose = CODE.sub(lambda code: "\n" * code[0].count("\n") or "``", text)
    for each in PARAGRAPH.finditer(prose):
        yield Passage(prose.count("\n", 0, each.start()) + 1, each[0])


def read_pipeline(text: str) -> Iterator[Passage]:
    """Find the comments of a pipeline file."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#"):
            yield Passage(number, line.strip("# "))


READERS = {".py": read_python, ".md": read_markdown, ".bulkflow": read_pipeline}


def find_banned(text: str, suffix: str) -> list[str]:
    rules = read_rules()
    return [
        f"line {passage.line}: {found[0]!r}: write {rule.better}"
        for passage in READERS[suffix](text)
        for words in (re.sub(r"\s+", " ", re.sub(r"`[^`]+`", "``", passage.text)),)
        for rule in rules
        if passage.text not in WIRE
        if (found := rule.pattern.search(words))
    ]


def list_held(suffix: str) -> list[str]:
    paths = [ROOT / each for each in HELD]
    files = [file for path in paths for file in (path.rglob("*") if path.is_dir() else [path])]
    return sorted(file.relative_to(ROOT).as_posix() for file in files if file.suffix == suffix)


@pytest.mark.parametrize("held", HELD)
def test_what_is_held_exists(held: str) -> None:
    assert (ROOT / held).exists()


@pytest.mark.parametrize("name", list_held(".py"))
def test_a_module_has_no_banned_words(name: str) -> None:
    assert find_banned((ROOT / name).read_text("utf-8"), ".py") == []


@pytest.mark.parametrize("name", list_held(".md"))
def test_a_page_has_no_banned_words(name: str) -> None:
    assert find_banned((ROOT / name).read_text("utf-8"), ".md") == []


@pytest.mark.parametrize("name", list_held(".bulkflow"))
def test_a_pipeline_file_has_no_banned_words(name: str) -> None:
    assert find_banned((ROOT / name).read_text("utf-8"), ".bulkflow") == []


@pytest.mark.parametrize(
    "text",
    [
        '"""Shows what became\nof a row."""\n',
        'def run():\n    """Begin a run anew."""\n',
        'LIMIT = 3\n"""Seconds, as a job\n\nis no file."""\n',
        'raise UsageError(f"{name} is no job", help="see the list")\n',
        'raise UsageError(f"unknown job {name}", help=f"mend {name}")\n',
        'option("--all", help="Those "\n    "that are left.")\n',
        "x = 1  # goes\n# on with the next\n",
    ],
)
def test_banned_words_in_a_module_are_found(text: str) -> None:
    assert len(find_banned(text, ".py")) == 1


def test_banned_words_in_a_page_are_found_outside_of_code() -> None:
    prose = "# Page\n\nBegin it\nanew.\n\n"
    code = "```\nanew\n```\n\n- `anew` is fine\n"
    text = f"{prose}{code}- a run that is\n  not over\n"
    assert find_banned(text, ".md") == [
        "line 3: 'anew': write again, rewrite, restart",
        "line 10: 'not over': write unfinished",
    ]


def test_banned_words_in_a_pipeline_file_are_found_in_comments() -> None:
    text = '# Whoever is not loaded.\nlog "whoever"\n    # fine\n'
    assert find_banned(text, ".bulkflow") == ["line 1: 'Whoever': write users who, if you"]


@pytest.mark.parametrize(
    "text",
    ["There is no job.", "It is no longer there.", "A standard library.", "`mend line endings`"],
)
def test_plain_words_are_left_alone(text: str) -> None:
    assert find_banned(text, ".md") == []
