"""Pipeline files beside what they come to.

`valid/NAME.bulkflow` has `NAME.tree` and `NAME.plan` beside it, `wrong/NAME.bulkflow` has
`NAME.errors`. A first line such as `# --set region=EMEA --org prod` is the command line. To write
the expected files anew: BULKFLOW_REGENERATE=1 pytest tests/language, then read the difference.
"""

from __future__ import annotations

import os
import shlex
from enum import Enum
from itertools import pairwise
from pathlib import Path

import attrs
import pytest

from bulkflow.language import Code, check, parse, print_tree
from bulkflow.model.diagnostic import Severity
from bulkflow.model.plan import PlannedClause
from bulkflow.source import SourceText, Span

CASES = Path(__file__).parent / "cases"
VALID = sorted((CASES / "valid").glob("*.bulkflow"))
WRONG = sorted((CASES / "wrong").glob("*.bulkflow"))
ENVIRON = {"REGION": "EMEA", "TOKEN": "not-to-be-shown"}


def read(path: Path) -> SourceText:
    return SourceText.decode(path.name, path.read_bytes(), path)


def checked(path, catalogue):
    source = read(path)
    first = source.line(1)
    words = shlex.split(first.removeprefix("#")) if first.startswith("# --") else []
    orgs = {}
    for flag, word in pairwise(words):
        if flag == "--org":
            name, _, profile = word.rpartition("=")
            orgs[name] = profile
    settings = dict(word.split("=", 1) for flag, word in pairwise(words) if flag == "--set")
    return check(
        source,
        catalogue,
        settings=settings,
        environ=ENVIRON,
        read=read,
        orgs=orgs,
    )


def dump(value, depth=0):
    """Values as indented lines, without places."""
    margin = "  " * depth
    if isinstance(value, Enum):
        yield f"{margin}{value.value}"
    elif attrs.has(type(value)):
        fields = [
            each
            for each in attrs.fields(type(value))
            if each.name not in ("span", "source", "sources")
            and (each.name, getattr(value, each.name)) not in (("given", False), ("kind", None))
            and not (isinstance(value, PlannedClause) and each.name == "job" and not value.job)
        ]
        inner = [(each.name, getattr(value, each.name)) for each in fields]
        if all(isinstance(each, str | int | float | None) for _, each in inner):
            shown = " ".join(f"{name}={each!r}" for name, each in inner)
            yield f"{margin}{type(value).__name__} {shown}".rstrip()
            return
        yield f"{margin}{type(value).__name__}"
        for name, each in inner:
            if isinstance(each, str | int | float | None):
                yield f"{margin}  {name}: {each!r}"
            elif each:
                yield f"{margin}  {name}:"
                yield from dump(each, depth + 2)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from dump(each, depth)
    elif isinstance(value, dict):
        for name, each in value.items():
            yield f"{margin}{name}:"
            yield from dump(each, depth + 1)
    else:
        yield f"{margin}{value!r}"


def place(span: Span) -> str:
    return f"{span.source.name}:{span.line}:{span.column} `{span.text}`"


def described(diagnostics):
    for each in diagnostics:
        yield f"{each.severity.value}[{each.code}] {each.message}"
        yield f"  at {place(each.span)}{f' {each.note}' if each.note else ''}"
        for label in each.labels:
            yield f"  {label.text}: {place(label.span)}"
        if each.help:
            yield f"  help: {each.help}"


def compare(path: Path, lines) -> None:
    text = "".join(f"{line}\n" for line in lines)
    if os.environ.get("BULKFLOW_REGENERATE"):
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_file_has_its_tree(path):
    parsed = parse(read(path))
    assert parsed.diagnostics == ()
    compare(path.with_suffix(".tree"), dump(parsed.tree))


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_file_has_its_plan_and_nothing_is_said_of_it(path, catalogue):
    found = checked(path, catalogue)
    assert list(described(found.diagnostics)) == []
    assert found.plan is not None
    compare(path.with_suffix(".plan"), dump(found.plan))


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_the_printed_tree_of_a_valid_file_is_the_same_tree(path):
    tree = parse(read(path)).tree
    printed = print_tree(tree)
    again = parse(SourceText("printed", printed))
    assert again.diagnostics == ()
    assert again.tree == tree
    assert print_tree(again.tree) == printed


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_a_wrong_file_has_its_diagnostics(path, catalogue):
    found = checked(path, catalogue)
    errors = [each for each in found.diagnostics if each.severity is Severity.ERROR]
    assert found.diagnostics
    assert (found.plan is None) is bool(errors)
    compare(path.with_suffix(".errors"), described(found.diagnostics))


OF_THE_TEXT = [code for code in Code if not code.value.startswith("B4")]
"""Those about data and orgs are tried with data and orgs: in `tests/docs` and `tests/ingest`."""


@pytest.mark.parametrize("code", OF_THE_TEXT, ids=lambda code: code.value)
def test_every_code_has_a_case(code):
    assert any(
        f"[{code.value}]" in path.with_suffix(".errors").read_text(encoding="utf-8")
        for path in WRONG
    )


def test_no_case_shows_the_value_of_an_environment_variable_in_an_error():
    for path in WRONG:
        assert ENVIRON["TOKEN"] not in path.with_suffix(".errors").read_text(encoding="utf-8")
