"""Pipelines on pages have no mistakes, and generated pages and pictures are up to date.

A fence that begins with ```` ```bulkflow ```` is a complete file and is checked. One that begins
with ```` ```bulkflow part ````, or has no language and contains a `job`, is a part of a file and is
only parsed.
"""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from pathlib import Path

import attrs
import pytest

from bulkflow import app
from bulkflow.language import check, parse
from bulkflow.language.formatter import format_source
from bulkflow.plugin import Org
from bulkflow.plugin.registry import Catalogue
from bulkflow.report.graph import build_graph, render_mermaid
from bulkflow.source import SourceText
from support.workshop import Workshop

ROOT = Path(__file__).parents[2]
MADE = ROOT / "docs" / "errors.md"
DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [ROOT / "README.md", *(page for page in DOCS if page != MADE)]
FENCE = re.compile(r"^```(?P<kind>[^`\n]*)\n(?P<text>.*?)^```[ ]*$", re.MULTILINE | re.DOTALL)


def fences() -> list[tuple[str, str, str]]:
    """Find the place, kind and text of every fence."""
    return [
        (f"{path.name}-{number}", fence["kind"].strip(), fence["text"])
        for path in PAGES
        for number, fence in enumerate(FENCE.finditer(path.read_text("utf-8")))
    ]


WHOLE = [(place, text) for place, kind, text in fences() if kind == "bulkflow"]
PARTS = [
    (place, text)
    for place, kind, text in fences()
    if kind == "bulkflow part" or (not kind and re.search("^job ", text, re.MULTILINE))
]


def foreign() -> str:
    """List the distributions whose plugins the pages leave out."""
    names = {each.dist.name for each in entry_points(group="bulkflow") if each.dist is not None}
    return ",".join(sorted(names - {"bulkflow-sf"}))


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    shipped = app.load_plugins({app.BLOCK_VARIABLE: foreign()}).catalogue

    def connect(request: object) -> object:
        raise AssertionError("a check connects to no org")

    return attrs.evolve(shipped, orgs={**shipped.orgs, "prod": Org("prod", "A profile.", connect)})


@pytest.mark.parametrize("text", [text for _, text in PARTS], ids=[place for place, _ in PARTS])
def test_a_part_of_a_file_parses(text: str) -> None:
    assert parse(SourceText("part", text)).diagnostics == ()


@pytest.mark.parametrize("text", [text for _, text in WHOLE], ids=[place for place, _ in WHOLE])
def test_a_complete_file_has_no_mistakes(text: str, catalogue: Catalogue) -> None:
    params = parse(SourceText("whole", text)).tree.body
    needed = [
        each.name.name for each in params if hasattr(each, "default") and each.default is None
    ]
    found = check(
        SourceText("whole", text),
        catalogue,
        settings=dict.fromkeys(needed, "set"),
        environ={},
        read=lambda path: SourceText(str(path), ""),
    )
    messages = [f"{each.code} {each.message}" for each in found.diagnostics]
    assert messages == [], "use ```bulkflow part for a part of a file, or one with other words"


def test_the_tests_find_the_pipelines() -> None:
    assert len(WHOLE) >= 9
    assert any(place.startswith("README") for place, _ in PARTS + WHOLE)


def test_the_page_of_words_is_up_to_date(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, {app.BLOCK_VARIABLE: foreign()})
    made = workshop.command("words", "--markdown").out
    page = (ROOT / "docs" / "words.md").read_text("utf-8")
    assert page == made, "run: bulkflow words --markdown > docs/words.md"


def test_the_page_on_the_language_has_the_phases_of_every_step(catalogue: Catalogue) -> None:
    page = (ROOT / "docs" / "language.md").read_text("utf-8")
    table = re.findall(
        r"^\| (`\w[^`]*`(?:, `\w+`)*) \| ([\w, ]+) \| ([\w ]+) \|$", page, re.MULTILINE
    )
    documented = sorted(
        (verb, sorted(takes.split(", ")), leaves)
        for verbs, takes, leaves in table
        for verb in re.findall(r"`(\w+)", verbs)
    )
    declared = sorted(
        {
            (
                step.phrases[0].verb,
                step.kind or "",
                tuple(sorted(phase.value for phase in step.accepts) if step.accepts else ["any"]),
                step.leaves.value if step.leaves else "as it is",
            )
            for step in catalogue.steps
            if step.phrases[0].job_slot
        }
    )
    declared = sorted((verb, list(takes), leaves) for verb, _, takes, leaves in declared)
    assert documented == declared


def test_the_page_on_the_language_has_the_graph_of_its_first_file(
    catalogue: Catalogue,
) -> None:
    text = next(text for place, text in WHOLE if place.startswith("language.md"))
    source = SourceText("first", text)
    checked = check(
        source, catalogue, settings={}, environ={}, read=lambda path: SourceText(str(path), "")
    )
    (picture,) = [
        text
        for place, kind, text in fences()
        if place.startswith("language.md") and kind == "mermaid"
    ]
    assert picture == render_mermaid(build_graph(app.require_plan(checked), catalogue))


EXAMPLES = sorted((ROOT / "examples").rglob("[!.]*.bulkflow"))
SHOWN = [*WHOLE, *((path.name, path.read_text("utf-8")) for path in EXAMPLES)]


@pytest.mark.parametrize("text", [text for _, text in SHOWN], ids=[place for place, _ in SHOWN])
def test_a_pipeline_that_is_shown_is_formatted(text: str) -> None:
    assert format_source(SourceText("shown", text)) == text
