from __future__ import annotations

import io
import subprocess
import sys

import pytest

from bulkflow.report import JsonReport, PlainReport, TerminalReport, make_report


def _chosen(clock, stderr, *, json=False, **environ: str):
    report = make_report(io.StringIO(), stderr, json=json, environ=environ, clock=clock)
    report.close()
    return type(report)


def test_a_terminal_gets_the_live_report(terminal, clock) -> None:
    assert _chosen(clock, terminal, TERM="xterm") is TerminalReport
    assert _chosen(clock, terminal) is TerminalReport


def test_what_is_no_terminal_gets_plain_lines(clock) -> None:
    assert _chosen(clock, io.StringIO(), TERM="xterm") is PlainReport


def test_a_dumb_terminal_gets_plain_lines(terminal, clock) -> None:
    assert _chosen(clock, terminal, TERM="dumb") is PlainReport


def test_json_goes_before_everything(terminal, clock) -> None:
    assert _chosen(clock, terminal, json=True, TERM="xterm") is JsonReport


@pytest.mark.parametrize(("value", "painted"), [("1", False), ("", True)])
def test_no_color_takes_the_colours_away_and_nothing_else(
    terminal, clock, good_run, value, painted
) -> None:
    report = make_report(
        io.StringIO(), terminal, json=False, environ={"NO_COLOR": value}, clock=clock
    )
    assert isinstance(report, TerminalReport)
    for event in good_run:
        report(event)
    report.close()
    assert ("\x1b[1m" in terminal.getvalue()) is painted


def test_words_go_to_stderr_and_json_to_stdout(good_run, clock) -> None:
    for json in (True, False):
        stdout, stderr = io.StringIO(), io.StringIO()
        report = make_report(stdout, stderr, json=json, environ={}, clock=clock)
        for event in good_run:
            report(event)
        report.close()
        assert bool(stdout.getvalue()) is json
        assert bool(stderr.getvalue()) is not json


def test_a_log_never_pays_for_rich() -> None:
    program = (
        "import sys, io; from bulkflow import report; "
        "text = io.StringIO(); "
        "report.make_report(text, text, json=False, environ={}, clock=None).close(); "
        "sys.exit('rich' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
