"""Golden cases: each file in `cases/` holds sources, diagnostics about them, and the expected text.

In a source, `[[1|words]]` is the place 1; places may nest. BULKFLOW_REGENERATE=1 writes the
expected texts anew.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from bulkflow.model.diagnostic import MAX_DIAGNOSTICS, Diagnostic, Label, Severity
from bulkflow.report import render_diagnostics
from bulkflow.report.errors.diagnostics import MAX_SHOWN
from bulkflow.report.text.text_width import count_cells
from bulkflow.source import SourceText, Span

CASES = sorted((Path(__file__).parent / "cases").glob("*.txt"))


def _source(name: str, body: str) -> tuple[SourceText, dict[str, tuple[int, int]]]:
    text = ""
    places: dict[str, tuple[int, int]] = {}
    open_places: list[tuple[str, int]] = []
    for token in re.split(r"(\[\[\d\||\]\])", body):
        if token.startswith("[["):
            open_places.append((token[2], len(text)))
        elif token == "]]":
            number, start = open_places.pop()
            places[number] = (start, len(text))
        else:
            text += token
    return SourceText(name, text), places


def _read(path: Path) -> tuple[dict[str, str], list[Diagnostic], str, str]:
    given, _, expected = path.read_text(encoding="utf-8").partition("--- output\n")
    head, *sections = re.split(r"^--- ", given, flags=re.MULTILINE)
    options = dict(
        line.split(": ", 1) for line in head.splitlines() if line and not line.startswith("#")
    )
    spans: dict[str, Span] = {}
    diagnostics = []
    for section in sections:
        first, _, body = section.partition("\n")
        kind, name, *rest = first.split(" ", 3)
        if kind == "source":
            source, places = _source(name, body)
            spans |= {number: Span(source, *bounds) for number, bounds in places.items()}
            continue
        lines = [line.split(": ", 1) for line in body.splitlines() if line]
        values = {key: value for key, value in lines if not key.startswith("label")}
        labels = tuple(
            Label(spans[key.removeprefix("label ")], value)
            for key, value in lines
            if key.startswith("label")
        )
        diagnostics.append(
            Diagnostic(
                name,
                rest[1],
                spans[rest[0]],
                values.get("help"),
                labels,
                severity=Severity(kind),
                note=values.get("note", ""),
            )
        )
    return options, diagnostics, given, expected


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_diagnostics_are_drawn_as_the_case_says(path: Path) -> None:
    options, diagnostics, given, expected = _read(path)
    width = int(options["width"]) if "width" in options else None
    encoding = options.get("encoding", "utf-8")
    drawn = render_diagnostics(diagnostics, color=False, width=width, encoding=encoding)
    drawn.encode(encoding)
    if os.environ.get("BULKFLOW_REGENERATE"):
        path.write_text(f"{given}--- output\n{drawn}\n", encoding="utf-8")
        pytest.skip("written anew")
    assert f"{drawn}\n" == expected


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_colours_change_no_character_of_a_case(path: Path) -> None:
    options, diagnostics, _, expected = _read(path)
    width = int(options["width"]) if "width" in options else None
    painted = render_diagnostics(
        diagnostics, color=True, width=width, encoding=options.get("encoding", "utf-8")
    )
    assert "\x1b[1;31m" in painted or "\x1b[1;33m" in painted
    assert re.sub(r"\x1b\[[\d;]*m", "", painted) + "\n" == expected


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_source_lines_fit_the_width(path: Path) -> None:
    options, _, _, expected = _read(path)
    if "width" not in options:
        return
    numbered = [line for line in expected.splitlines() if re.match(r" *\d+ \|", line)]
    assert numbered
    assert all(count_cells(line) <= int(options["width"]) for line in numbered)


@pytest.mark.parametrize("warnings", [0, 150])
def test_of_very_many_the_errors_come_first_and_the_rest_is_a_number(warnings: int) -> None:
    source = SourceText("many", "x\n" * 500)
    found = [
        Diagnostic("W", "odd", Span(source, 2 * n, 2 * n + 1), severity=Severity.WARNING)
        for n in range(warnings)
    ]
    found += [Diagnostic("E", "wrong", Span(source, 2 * n, 2 * n + 1)) for n in range(150, 300)]
    text = render_diagnostics(found, color=False)
    assert text.count("error[E]") == MAX_SHOWN
    assert text.count("warning[W]") == 0
    assert f"\n\nand {warnings + 150 - MAX_SHOWN} more; " in text


def test_where_the_check_stopped_the_number_is_the_least() -> None:
    source = SourceText("many", "x")
    found = [Diagnostic("E", f"wrong {n}", Span(source, 0, 1)) for n in range(MAX_DIAGNOSTICS)]
    assert "and at least 900 more; " in render_diagnostics(found, color=False)
