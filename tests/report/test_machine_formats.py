from __future__ import annotations

import json

from bulkflow.model.diagnostic import Diagnostic, Label, Severity
from bulkflow.report import diagnostics_to_github, diagnostics_to_json
from bulkflow.source import SourceText, Span


def test_json_holds_places_from_one_with_exclusive_ends(place) -> None:
    found = Diagnostic(
        "B203", "closed", place("upload"), "declare", (Label(place("close"), "here"),), note="n"
    )
    assert json.loads(diagnostics_to_json([found])) == [
        {
            "code": "B203",
            "severity": "error",
            "message": "closed",
            "file": "load.bulkflow",
            "line": 3,
            "column": 1,
            "end_line": 3,
            "end_column": 7,
            "note": "n",
            "help": "declare",
            "labels": [
                {
                    "message": "here",
                    "file": "load.bulkflow",
                    "line": 3,
                    "column": 13,
                    "end_line": 3,
                    "end_column": 18,
                }
            ],
        }
    ]


def test_json_of_nothing_is_an_empty_list() -> None:
    assert diagnostics_to_json([]) == "[]"


def test_json_is_ascii_whatever_the_text_holds() -> None:
    source = SourceText("é\udc80", "漢")
    text = diagnostics_to_json([Diagnostic("B1", "\udc80 ü", Span(source, 0, 1))])
    assert text.isascii()
    assert json.loads(text)[0]["message"] == "\udc80 ü"


def test_github_gets_one_command_for_each_in_source_order(place) -> None:
    text = diagnostics_to_github(
        [
            Diagnostic("B401", "later", place("wait"), severity=Severity.WARNING),
            Diagnostic("B203", "sooner", place("close"), "do", (Label(place("upload"), "up"),)),
        ]
    )
    assert text.splitlines() == [
        (
            "::error file=load.bulkflow,line=3,col=13,endColumn=18,title=B203"
            "::sooner%0Aload.bulkflow:3:1: up%0Ahelp: do"
        ),
        "::warning file=load.bulkflow,line=4,col=1,endColumn=5,title=B401::later",
    ]


def test_github_gets_no_columns_for_a_place_of_several_lines(place, pipeline) -> None:
    span = place("upload").to(place("wait"))
    assert diagnostics_to_github([Diagnostic("B1", "m", span)]) == (
        "::error file=load.bulkflow,line=3,endLine=4,title=B1::m"
    )


def test_github_commands_cannot_be_broken_out_of() -> None:
    source = SourceText("a,b:c%\n::stop", "x")
    text = diagnostics_to_github(
        [Diagnostic("B1", "100%\n::set-env name=x::\r\x1b", Span(source, 0, 1))]
    )
    assert text == (
        "::error file=a%2Cb%3Ac%25 %3A%3Astop,line=1,col=1,endColumn=2,title=B1"
        "::100%25 ::set-env name=x:: \\x1b"
    )
