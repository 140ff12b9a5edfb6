"""What editors and pages are made of, as it comes from npm, against what bulkflow hands to them.

Mermaid, the highlighter and the language client of Visual Studio Code, and its extension, which is
run with the real client and a stand-in for the editor. Not part of the suite, because it is 160
packages and takes seconds:

    pytest tests/editors/peers.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bulkflow.source import SourceText
from support.foreign import AbsentError, node_program, npm_packages, skip
from support.scopes import hold_against
from support.tokens import CORPUS, tokens_of
from support.workshop import Workshop

ROOT = Path(__file__).parents[2]
DRIVERS = Path(__file__).parent / "node" / "editor"
EXTENSION = ROOT / "docs" / "vscode"
PIPELINES = [
    *sorted((ROOT / "examples").glob("*/[!.]*.bulkflow")),
    *sorted((ROOT / "tests" / "graph" / "cases").glob("*.bulkflow")),
]
SCRIPTS = sysconfig.get_path("scripts")
BULKFLOW = str(Path(SCRIPTS) / "bulkflow")
LIKE_KEYWORDS = {
    # `is not` is one operator; to the parser it is two words, as what it means is a plugin's.
    ("conditions.bulkflow", "not"),
    ("modes_of_a_comparison.bulkflow", "not"),
    # An object of this name, in a clause: a highlighter does not know the layout.
    ("structural_words_as_words.bulkflow", "then"),
}
"""Ordinary words that are coloured as structure, beside `job` in a step, which is meant to be."""

Drive = Callable[..., Any]


@pytest.fixture(scope="module")
def packages() -> Path:
    try:
        return npm_packages(DRIVERS, "--ignore-scripts")
    except AbsentError as error:
        skip(str(error))


@pytest.fixture(scope="module")
def drive(packages: Path) -> Drive:
    """Runs a driver among the packages; returns what it prints, read from JSON."""
    try:
        node = node_program(ROOT / "tests" / "clients" / "node" / "runtime", 18)
    except AbsentError as error:
        skip(str(error))

    def run(driver: str, *arguments: str) -> Any:
        form = "module" if driver.endswith(".mjs") else "commonjs"
        text = (DRIVERS / driver).read_text("utf-8")
        done = subprocess.run(
            [str(node), f"--input-type={form}", "--eval", text, "--", *arguments],
            cwd=packages,
            env={**os.environ, "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"},
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def given(folder: Path, value: object) -> str:
    file = folder / "given.json"
    file.write_text(json.dumps(value), "utf-8")
    return str(file)


def test_mermaid_reads_every_picture(drive: Drive, tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, dict.fromkeys(("REGION", "TOKEN"), "x"))
    pictures = {}
    for path in PIPELINES:
        ran = workshop.command("graph", str(path))
        assert ran.code == 0, ran.err
        pictures[path.as_posix()] = ran.out
    wrong = {"wrong": 'flowchart TD\n    a["x --> b\n'}
    assert drive("mermaid.mjs", given(tmp_path, pictures | wrong)).keys() == {"wrong"}


def test_the_editors_highlighter_sees_the_tokens_of_the_parser(
    drive: Drive, tmp_path: Path
) -> None:
    sources = {
        path.as_posix(): SourceText.decode(path.name, path.read_bytes())
        for path in [*CORPUS, *PIPELINES]
    }
    texts = {name: source.text for name, source in sources.items()}
    grammar = str(ROOT / "grammar" / "bulkflow.tmLanguage.json")
    found = drive("textmate.mjs", given(tmp_path, {"grammar": grammar, "texts": texts}))
    coloured = set()
    for name, source in sources.items():
        scopes: list[list[str]] = [[] for _ in range(len(source.text) + 1)]
        for line, first, last, names in found[name]:
            start = source.line_starts[line]
            scopes[start + first : start + last] = [names] * (last - first)
        tokens = tokens_of(source)
        hold_against(tokens, scopes)
        coloured |= {
            (Path(name).name, token.text)
            for token in tokens
            if token.kind == "WORD" and any("keyword" in each for each in scopes[token.start])
        }
    assert {(name, word) for name, word in coloured if word != "job"} == LIKE_KEYWORDS


def test_the_editors_client_speaks_to_the_server(drive: Drive) -> None:
    answers = drive("session.mjs", BULKFLOW, "lsp")
    assert answers["capabilities"]["positionEncoding"] == "utf-16"
    assert [each["code"] for each in answers["diagnostics"]] == ["B301", "B301"]
    assert "wait" in {each["label"].split()[0] for each in answers["completions"]}
    assert "".join(each["newText"] for each in answers["edits"]).startswith("org sandbox\n")
    assert answers["code"] == 0


@pytest.mark.parametrize("setting", [None, BULKFLOW], ids=["by default", "as set"])
def test_the_extension_starts_the_server_and_shows_what_it_finds(
    drive: Drive, packages: Path, setting: str | None
) -> None:
    described = json.loads((EXTENSION / "package.json").read_text("utf-8"))
    main = EXTENSION / described["main"]
    told = drive("extension.cjs", str(main), str(packages), *([setting] if setting else []))
    assert told["spawned"] == [[setting or "bulkflow", ["lsp"]]]
    settings = described["contributes"]["configuration"]["properties"]
    assert told["asked"][0] in settings
    assert settings[told["asked"][0]]["default"] == "bulkflow"
    assert {
        "registerCompletionItemProvider",
        "registerDefinitionProvider",
        "registerDocumentFormattingEditProvider",
        "registerHoverProvider",
        "registerRenameProvider",
    } <= set(told["providers"])
    assert [each["code"] for each in told["diagnostics"]] == ["B301"]
