from __future__ import annotations

import io
import re
import threading
from importlib.metadata import version

import pytest

from bulkflow.model.event import Notice, Shown
from bulkflow.report import PlainReport, TerminalReport


def _report(terminal, clock, **options) -> TerminalReport:
    settings = {"data": io.StringIO(), "clock": clock, "width": 120, "tick": None} | options
    return TerminalReport(terminal, **settings)


def _screen(written: str) -> list[str]:
    """What a terminal shows in the end; knows the few sequences that rich uses here."""
    lines = [""]
    row = 0
    column = 0
    for token in re.findall(r"\x1b\[[?\d;]*[A-Za-z]|\n|\r|[^\x1b\n\r]+", written):
        if token == "\n":
            row, column = row + 1, 0
            if row == len(lines):
                lines.append("")
        elif token == "\r":
            column = 0
        elif token.startswith("\x1b["):
            if token.endswith("A"):
                row -= int(token[2:-1] or 1)
            elif token.endswith("K"):
                lines[row] = ""
            else:
                assert token[-1] in "mhl", token
        else:
            lines[row] = lines[row][:column] + token + lines[row][column + len(token) :]
            column += len(token)
    return [line.rstrip() for line in lines]


def test_what_scrolls_is_what_a_log_says_without_its_progress(
    terminal, clock, good_run, failed_run
) -> None:
    for events in (good_run, failed_run):
        terminal.truncate(0)
        terminal.seek(0)
        report = _report(terminal, clock)
        log = io.StringIO()
        plain = PlainReport(log, data=io.StringIO(), width=120)
        for event in events:
            report(event)
            plain(event)
        report.close()
        plain.close()
        told = [
            line
            for line in log.getvalue().splitlines()
            if not line.startswith(("  • ", "    accounts: "))
        ]
        assert _without_gaps(_screen(terminal.getvalue())) == _without_gaps([*told, ""])


def _without_gaps(lines: list[str]) -> list[str]:
    """Drop blank lines, which rich before 14.3 leaves where an empty live display ends."""
    old = tuple(map(int, version("rich").split(".")[:2])) < (14, 3)
    return [line for line in lines if line or not old]


def test_running_steps_and_jobs_are_drawn_live(terminal, clock, good_run) -> None:
    report = _report(terminal, clock)
    clock.now = 4.0
    for event in good_run[:5]:
        report(event)
    assert _screen(terminal.getvalue())[-2:] == [
        "  • upload (accounts)  4.0 s",
        "    accounts  ██████████░░░░░░░░░░  50%  0.9 of 1.9 MB sent, 2.0 s of upload left, Open",
    ]
    report.close()
    assert _screen(terminal.getvalue())[-1] == ""


def test_a_bar_is_full_only_when_all_is_done(terminal, clock, opening, progress) -> None:
    report = _report(terminal, clock)
    for event in [*opening, progress(0.0, bytes_sent=1_899_999)]:
        report(event)
    live = _screen(terminal.getvalue())[-1]
    report.close()
    assert "█" * 19 + "░  99%" in live


def test_a_job_at_its_end_and_a_step_at_its_end_are_drawn_no_more(
    terminal, clock, good_run
) -> None:
    report = _report(terminal, clock, color=False)
    for event in good_run[:-3]:
        report(event)
    drawn = [line for line in _screen(terminal.getvalue()) if line]
    assert drawn[-1].startswith("  • wait for job accounts")
    report(good_run[-3])
    written = terminal.getvalue()
    report.close()
    assert "•" not in written[written.index("✓ wait") :]


def test_nothing_is_drawn_when_the_run_is_over(terminal, clock, good_run) -> None:
    report = _report(terminal, clock)
    for event in [*good_run[:5], good_run[-1], Notice("a listener failed")]:
        report(event)
    shown = _screen(terminal.getvalue())
    report.close()
    assert shown[-2:] == ["  a listener failed", ""]
    assert "  ✗ upload (accounts)                     stopped" in shown


def test_a_narrow_terminal_gets_no_bar_and_no_line_that_wraps(terminal, clock, good_run) -> None:
    report = _report(terminal, clock, width=30)
    for event in good_run[:5]:
        report(event)
    live = _screen(terminal.getvalue())[-1]
    report.close()
    assert live == "    accounts  0.9 of 1.9 MB…"


def test_the_cursor_is_given_back_whenever_it_ends(terminal, clock, good_run) -> None:
    for ending in range(len(good_run)):
        terminal.truncate(0)
        terminal.seek(0)
        report = _report(terminal, clock)
        for event in good_run[:ending]:
            report(event)
        report.close()
        report.close()
        written = terminal.getvalue()
        assert written.count("\x1b[?25l") == written.count("\x1b[?25h")


def test_data_is_written_while_nothing_is_drawn(terminal, clock, good_run) -> None:
    report = _report(terminal, clock, data=terminal)
    for event in good_run[:5]:
        report(event)
    report(Shown("job accounts", {"id": "750"}))
    shown = _screen(terminal.getvalue())
    report.close()
    at = shown.index("job accounts")
    assert shown[at + 1] == "  id  750"
    assert shown[at + 2].startswith("  • upload")
    assert not any("upload" in line for line in shown[:at])


def test_the_drawing_thread_ends_with_the_report(terminal, clock, good_run) -> None:
    # Those of other tests may end meanwhile.
    before = set(threading.enumerate())
    report = _report(terminal, clock, tick=0.001)
    for event in good_run[:5]:
        report(event)
    assert len(set(threading.enumerate()) - before) == 1
    report.close()
    assert not set(threading.enumerate()) - before


def test_drawing_and_telling_from_many_threads_ends(terminal, clock, good_run) -> None:
    report = _report(terminal, clock, tick=0.0001)
    threads = [
        threading.Thread(target=lambda: [report(event) for event in good_run[2:-1]])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)
    report(good_run[-1])
    report.close()
    assert "done in 7.0 s" in _screen(terminal.getvalue())


def test_nothing_is_shown_after_it_is_closed(terminal, clock) -> None:
    report = _report(terminal, clock)
    report.close()
    report(Notice("late"))
    assert "late" not in terminal.getvalue()


@pytest.mark.parametrize("color", [True, False])
def test_colours_are_left_out_when_not_wanted(terminal, clock, failed_run, color) -> None:
    report = _report(terminal, clock, color=color)
    for event in failed_run:
        report(event)
    report.close()
    painted = re.findall(r"\x1b\[[\d;]*m", terminal.getvalue())
    assert bool(painted) is color


def test_no_words_reach_the_terminal_as_control_sequences(terminal, clock, opening) -> None:
    report = _report(terminal, clock, color=False)
    for event in [*opening, Notice("a\x1b[31mb\x9b2J\u202e [bold]c[/bold] :smile:")]:
        report(event)
    report.close()
    assert "  a\\x1b[31mb\\x9b2J\\u202e [bold]c[/bold] :smile:\n" in terminal.getvalue()


def test_a_terminal_that_hangs_up_does_not_stop_the_run(clock, good_run) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(32, "gone")

    report = _report(Gone(), clock)
    for event in good_run:
        report(event)
    report.close()
