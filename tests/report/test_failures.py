from __future__ import annotations

from bulkflow.errors import DataError, StepError, UsageError
from bulkflow.model.diagnostic import Diagnostic, PipelineError
from bulkflow.report import render_diagnostics, render_error


def test_an_error_shows_message_notes_and_help() -> None:
    error = StepError("the org refused it", help="look there", notes=("HTTP 400", "line 1\nline 2"))
    assert render_error(error, color=False) == (
        "error: the org refused it\n"
        "  note: HTTP 400\n"
        "  note: line 1\n"
        "        line 2\n"
        "help: look there"
    )


def test_an_error_without_help_is_one_line() -> None:
    assert render_error(UsageError("no such file"), color=False) == "error: no such file"


def test_an_error_in_the_data_shows_its_place() -> None:
    error = DataError("a quote is never closed", place="a.csv, line 12", help="close it")
    assert render_error(error, color=False) == (
        "error: a quote is never closed\n  --> a.csv, line 12\nhelp: close it"
    )


def test_a_pipeline_error_shows_its_diagnostics(place) -> None:
    found = [
        Diagnostic("B203", "second", place("wait")),
        Diagnostic("B201", "first", place("upload")),
    ]
    assert render_error(PipelineError(found), color=False) == render_diagnostics(found, color=False)
    assert render_diagnostics(found, color=False).index("first") < 20


def test_an_error_of_a_step_underlines_the_step(place) -> None:
    error = StepError("the org refused it", help="look there", notes=["HTTP 400"])
    assert render_error(error, color=False, span=place("close job accounts")) == (
        "error: the org refused it\n"
        " --> load.bulkflow:3:13\n"
        "  |\n"
        "3 | upload then close job accounts on failure abort\n"
        "  |             ^^^^^^^^^^^^^^^^^^\n"
        "  |\n"
        "  note: HTTP 400\n"
        "help: look there"
    )


def test_words_of_a_server_cannot_steer_the_terminal() -> None:
    hostile = "\x1b[2J\x1b]0;owned\x07 \u202eevil \x9b31m \udc80"
    error = DataError(hostile, place=hostile, help=hostile, notes=[hostile])
    shown = render_error(error, color=False)
    assert not set("\x1b\x07\u202e\x9b\udc80") & set(shown)
    assert r"\x1b[2J" in shown


def test_colours_paint_the_words_only_when_asked() -> None:
    error = StepError("m", help="h")
    assert "\x1b" not in render_error(error, color=False)
    assert render_error(error, color=True).startswith("\x1b[1;31merror\x1b[0m")


def test_an_empty_message_is_still_an_error() -> None:
    assert render_error(StepError(" \n"), color=False) == "error: (no message)"
