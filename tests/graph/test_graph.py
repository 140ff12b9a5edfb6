"""Pictures of plans: whole texts beside their files, and laws that hold for every plan.

To write the expected texts anew: BULKFLOW_REGENERATE=1 pytest tests/graph; read the difference.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bulkflow import app
from bulkflow.language import check
from bulkflow.plugin.host import PluginHost
from bulkflow.report.graph import Box, Graph, GraphNode, build_graph, render_dot, render_mermaid
from bulkflow.source import SourceText
from support.workshop import Workshop

CASES = Path(__file__).parent / "cases"
FILES = sorted(CASES.glob("*.bulkflow"))
EXAMPLES = sorted((CASES.parents[2] / "examples").glob("*/[!.]*.bulkflow"))
FORMATS = {"mermaid": render_mermaid, "dot": render_dot}


@pytest.fixture(scope="module")
def plugins() -> PluginHost:
    return app.load_plugins({})


def drawn(path: Path, plugins: PluginHost) -> Graph:
    source = SourceText.decode(path.name, path.read_bytes(), path)
    checked = check(
        source,
        plugins.catalogue,
        settings={},
        environ={},
        read=lambda path: SourceText(str(path), ""),
    )
    return build_graph(app.require_plan(checked), plugins.catalogue)


def nodes(box: Box) -> Iterator[GraphNode]:
    for item in box.items:
        if isinstance(item, Box):
            yield from nodes(item)
        else:
            yield item


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_has_its_picture(path: Path, form: str, plugins: PluginHost) -> None:
    text = FORMATS[form](drawn(path, plugins))
    expected = path.with_suffix(f".{form}")
    if os.environ.get("BULKFLOW_REGENERATE"):
        expected.write_text(text, encoding="utf-8", newline="\n")
    assert text == expected.read_text("utf-8")


@pytest.mark.parametrize("path", [*FILES, *EXAMPLES], ids=lambda path: path.stem)
def test_a_picture_shows_every_job_and_step_once(path: Path, plugins: PluginHost) -> None:
    graph = drawn(path, plugins)
    found = list(nodes(graph.root))
    assert len({node.id for node in found}) == len(found)
    text = re.sub(
        r"(?m)#.*| then |^\s*on (failure|success|interrupt)", "\n", path.read_text("utf-8")
    )
    shown = " ".join(line for node in found for line in node.lines)
    for line in text.splitlines():
        words = line.strip().partition(" on failure")[0]
        if words and not words.startswith(("org", "param", "let", "parallel", "for ", "always")):
            assert words.removeprefix("then ") in shown


@pytest.mark.parametrize("path", [*FILES, *EXAMPLES], ids=lambda path: path.stem)
def test_edges_join_nodes_that_are_there(path: Path, plugins: PluginHost) -> None:
    graph = drawn(path, plugins)
    known = {node.id for node in nodes(graph.root)}
    for edge in graph.edges:
        assert {edge.source, edge.target} <= known
    assert len(set(graph.edges)) == len(graph.edges)


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("path", [*FILES, *EXAMPLES], ids=lambda path: path.stem)
def test_graphviz_reads_the_dot_text(path: Path, plugins: PluginHost) -> None:
    text = render_dot(drawn(path, plugins))
    done = subprocess.run(
        ["dot", "-Tcanon"], input=text, capture_output=True, text=True, encoding="utf-8"
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_what_always_runs_stands_behind_a_stop(plugins: PluginHost) -> None:
    graph = drawn(CASES / "everything.bulkflow", plugins)
    by_line = {node.lines[0]: node.id for node in nodes(graph.root)}
    last = by_line['save failed rows of job accounts to "out/failed.csv"']
    assert [edge.source for edge in graph.edges if edge.target == last] == [by_line["stop"]]


def test_no_character_of_a_label_has_a_meaning_in_mermaid(plugins: PluginHost) -> None:
    for path in FILES:
        for line in render_mermaid(drawn(path, plugins)).splitlines():
            labels = re.findall(r'"(.*?)"', line)
            assert line.count('"') == 2 * len(labels)
            for label in labels:
                assert not re.search(r"[<>&`\\]|#(?!\d+;)", label.replace("<br/>", ""))


def test_the_command_draws_in_both_languages(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, {})
    case = str(CASES / "nightly.bulkflow")
    for form in FORMATS:
        ran = workshop.command("graph", case, "--format", form)
        assert (ran.code, ran.err) == (0, "")
        assert ran.out == (CASES / f"nightly.{form}").read_text("utf-8")
    assert "\nflowchart TD\n" in workshop.command("graph", case).out


def test_a_file_with_mistakes_is_not_drawn(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, {})
    ran = workshop.command("graph", str(workshop.write("wrong.bulkflow", "lgo 3\n")))
    assert (ran.code, ran.out) == (2, "")
    assert "B301" in ran.err


@pytest.mark.parametrize("form", FORMATS)
def test_what_a_terminal_acts_upon_is_shown_and_not_passed_on(form: str, tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, {})
    file = workshop.write("odd.bulkflow", 'log "\x1b]0;owned\x07" then log "\u202e"\n')
    ran = workshop.command("graph", "--format", form, str(file))
    assert ran.code == 0
    assert "owned" in ran.out
    assert not any(each in ran.out for each in "\x1b\x07\u202e")
