from __future__ import annotations

import io
import re
from threading import Thread

import pytest
from attrs import evolve

from bulkflow.errors import DataError, ExitCode
from bulkflow.model.event import (
    JobOutcome,
    Notice,
    NoticeLevel,
    Progress,
    RunFinished,
    Shown,
    StepFinished,
    StepStarted,
)
from bulkflow.model.part import Counts, ErrorCount
from bulkflow.report import OutputError, PlainReport, TerminalReport
from bulkflow.report.runs.progress import describe_progress
from bulkflow.report.runs.report_stream import ReportStream
from bulkflow.report.runs.summary import render_summary
from bulkflow.report.text.style import Style
from bulkflow.source import SourceText, Span


def _told(events, *, stream=None, **options) -> str:
    stream = stream or io.StringIO()
    report = PlainReport(stream, data=io.StringIO(), **options)
    for event in events:
        report(event)
    report.close()
    return stream.getvalue()


def test_a_good_run_reads_from_its_heading_to_its_counts(good_run) -> None:
    assert _told(good_run) == (
        "run 20261122-0201-7f3a of load.bulkflow against sandbox\n"
        "  accounts: 10,000 rows in 1 part, 1.9 MB\n"
        "    note: no byte order mark\n"
        "  • upload (accounts)\n"
        "    accounts: 0.0 of 1.9 MB sent, Open\n"
        "    accounts: 1.9 MB sent, Open\n"
        "  ✓ upload (accounts)                     2.5 s, 1.9 MB sent at 760.0 kB/s\n"
        "  • close job accounts\n"
        "  ✓ close job accounts                    0.0 s\n"
        "  • wait for job accounts up to 2h\n"
        "    accounts: 1.9 MB sent, UploadComplete\n"
        "    accounts: 1.9 MB sent, 5,000 of 10,000 rows processed, 3 failed, 5.0 s left,"
        " InProgress\n"
        "    accounts: 1.9 MB sent, 10,000 rows processed, 7 failed, JobComplete\n"
        "  ✓ wait for job accounts up to 2h        4.5 s, 10,000 rows processed, 7 failed\n"
        "  saved failed rows of accounts to out/failed.csv (7 rows)\n"
        "done in 7.0 s\n"
        "  accounts  10,000 rows: 9,993 loaded, 7 failed -> out/failed.csv\n"
    )


def test_the_pace_of_a_load_is_that_of_its_bytes_and_not_of_the_wait_behind_them() -> None:
    span = Span(SourceText("load.bulkflow", "load job a\n"), 0, 10)
    up = Progress("a", 100.0, 1, 0, 0, 2_000_000, 0, 0, 10, {})
    text = _told(
        [
            StepStarted("load", "load job a", "a", span, 100.0),
            up,
            evolve(up, at=104.0, bytes_sent=2_000_000),
            evolve(up, at=140.0, bytes_sent=2_000_000, parts_done=1, rows_processed=10),
            StepFinished("load", "load job a", "a", span, 140.0, 40.0),
        ]
    )
    assert "40 s, 2.0 MB sent at 500.0 kB/s, 10 rows processed\n" in text


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (Counts(4, 0, 4), "4 failed"),
        (Counts(4, 1, unprocessed=3), "3 not processed"),
        (Counts(4, 1, withheld=3), "3 withheld"),
        (Counts(4, 1, unknown=3), "3 unknown"),
        (Counts(9, 4, 1, 2, 1, 1), "1 failed, 2 not processed, 1 withheld, 1 unknown"),
    ],
)
@pytest.mark.parametrize("verb", ["load", "retry failed rows of"])
def test_a_step_with_rows_that_are_not_loaded_has_a_mark_of_its_own(
    counts: Counts, said: str, verb: str
) -> None:
    text = f"{verb} job a"
    span = Span(SourceText("load.bulkflow", text + "\n"), 0, len(text))
    events = [
        StepStarted(verb, text, "a", span, 0.0),
        Progress("a", 0.5, 1, 1, 60, 60, 4, counts.failed, 4, {"JobComplete": 1}),
        StepFinished(verb, text, "a", span, 1.0, 1.0, counts),
    ]
    line = f"  ! {text:<36}  1.0 s, 60 bytes sent at 60 bytes/s, 4 rows processed, {said}"
    assert _told(events).splitlines()[-1] == line
    # A step that only says something of such a job did all that it says.
    told = _told([*events, StepFinished("log", "log a", "a", span, 1.0, 0.0)])
    assert told.splitlines()[-1].startswith("  ✓ ")
    fine = evolve(events[-1], counts=Counts(4, 4))
    assert _told([events[0], fine]).splitlines()[-1] == f"  ✓ {text:<36}  1.0 s"


def test_the_mark_of_rows_that_are_not_loaded_needs_no_colour_and_no_letters(
    ascii_stream, terminal, clock
) -> None:
    span = Span(SourceText("load.bulkflow", "load job a\n"), 0, 10)
    event = StepFinished("load", "load job a", "a", span, 1.0, 1.0, Counts(4, 0, 4))
    report = PlainReport(ascii_stream, data=io.StringIO())
    report(event)
    assert ascii_stream.getvalue().startswith("  ! load job a ")
    assert ascii_stream.getvalue().endswith("1.0 s, 4 failed\n")
    for color, mark in ((True, "\x1b[1;33m!\x1b[0m load"), (False, "! load")):
        terminal.truncate(0)
        shown = TerminalReport(
            terminal, data=io.StringIO(), clock=clock, width=120, tick=None, color=color
        )
        shown(event)
        shown.close()
        assert mark in terminal.getvalue()


def test_progress_says_what_is_not_loaded(progress) -> None:
    event = progress(
        0.0, rows_processed=5, rows_failed=1, rows_unprocessed=2, rows_withheld=3, rows_unknown=4
    )
    text = ", ".join(describe_progress(event))
    assert "1 failed, 2 not processed, 3 withheld, 4 unknown" in text


def test_a_failed_run_ends_with_the_errors_what_is_left_and_what_to_do(failed_run) -> None:
    text = _told(failed_run)
    assert text[text.index("  ✗ upload") :] == (
        "  ✗ upload (accounts)                     2.0 s, 950.0 kB sent at 475.0 kB/s\n"
        "    the org refused the data of accounts\n"
        "  • abort (accounts)\n"
        "  ✗ abort (accounts)                      1.0 s\n"
        "    the org did not answer\n"
        "\n"
        "error: the org refused the data of accounts\n"
        " --> load.bulkflow:3:1\n"
        "  |\n"
        "3 | upload then close job accounts on failure abort\n"
        "  | ^^^^^^\n"
        "  |\n"
        "  note: HTTP 400 InvalidJobState: \\x1b[2Jno\n"
        "  note: job 7503h00000abcde is Open\n"
        "help: see whether the job is still open\n"
        "\n"
        "also: the org did not answer\n"
        " --> load.bulkflow:3:43\n"
        "  |\n"
        "3 | upload then close job accounts on failure abort\n"
        "  |                                           ^^^^^\n"
        "\n"
        "failed after 3.0 s\n"
        "  accounts  10,000 rows: 10,000 not processed (open)\n"
        "            unfinished jobs in the org: 7503h\n"
        "help: `bulkflow resume 20261122-0201-7f3a` continues them,"
        " `bulkflow abort 20261122-0201-7f3a` aborts them"
        " (Setup shows them under Bulk Data Load Jobs)\n"
    )


def test_a_stream_that_lacks_the_marks_gets_words(good_run, failed_run, ascii_stream) -> None:
    text = _told(good_run + failed_run, stream=ascii_stream)
    assert "  - upload (accounts)\n  " in text
    assert "  ok upload (accounts)" in text
    assert "  failed: upload (accounts)" in text


def test_no_line_holds_a_control_character(opening) -> None:
    hostile = "a\x1b[31m\x07\u202e\x9b\udc80\r"
    events = [
        *opening,
        Notice(hostile, NoticeLevel.WARNING, job=hostile, help=hostile),
        Progress(hostile, 0.0, 1, 0, 1, 2, 0, 0, None, {hostile: 1}),
        RunFinished(
            "r",
            ExitCode.DONE,
            0.0,
            0.0,
            (JobOutcome(hostile, hostile, Counts(1), 1.0, (hostile,), (hostile,)),),
            help=hostile,
        ),
    ]
    text = _told(events)
    assert text.count("\\x1b[31m") >= 7
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\udc80]", text)


def test_progress_in_one_state_is_told_every_five_seconds(opening, progress) -> None:
    events = [progress(at / 10, bytes_sent=at) for at in range(1, 260)]
    lines = [line for line in _told(opening + events).splitlines() if " sent" in line]
    assert len(lines) == 6


def test_a_state_that_is_new_is_told_at_once_but_only_once(opening, progress) -> None:
    states = [{"Open": 2}, {"InProgress": 2}, {"Open": 1, "InProgress": 1}, {"Open": 2}]
    events = [progress(0.1, parts=2, states=each) for each in states]
    told = _told(opening + events)
    assert told.count("accounts: 0.0 of 1.9 MB sent") == 2


def test_details_are_told_only_when_asked(opening) -> None:
    events = [*opening, Notice("request repeated", NoticeLevel.DETAIL)]
    assert "repeated" not in _told(events)
    assert "  request repeated\n" in _told(events, verbose=True)


def test_the_full_failure_is_told_at_once_when_asked(failed_run) -> None:
    text = _told(failed_run[:-1], verbose=True)
    assert "InvalidJobState" in text
    assert "InvalidJobState" not in _told(failed_run[:-1])


def test_a_step_that_was_cut_off_is_told_as_stopped(opening, place) -> None:
    events = [
        *opening,
        StepStarted("upload", "upload", "accounts", place("upload"), 0.0),
        RunFinished("r", ExitCode.INTERRUPTED, 1.0, 1.0, (JobOutcome("b", "declared", Counts()),)),
    ]
    assert _told(events).endswith(
        "  ✗ upload (accounts)                     stopped\ninterrupted after 1.0 s\n"
        "  b  not started\n"
    )


def test_a_run_that_never_started_shows_its_sources_and_that_nothing_was_sent(opening) -> None:
    events = [opening[0], RunFinished("r", ExitCode.WRONG, 1.0, 1.0, ())]
    assert _told(events) == (
        "  accounts: 10,000 rows in 1 part, 1.9 MB\n"
        "    note: no byte order mark\n"
        "refused after 1.0 s; nothing was sent\n"
    )


def test_jobs_that_are_left_stand_with_their_job_and_rows_under_way_are_not_told_as_lost() -> None:
    left = ("750A (Open)", "750B (InProgress, close not answered)")
    outcome = JobOutcome("a", "closed", Counts(9, 0, 2, 0), left=left)
    event = RunFinished("r", ExitCode.INTERRUPTED, 1.0, 1.0, (outcome,), help="abort them")
    assert _told([event]) == (
        "interrupted after 1.0 s\n"
        "  a  9 rows: 2 failed so far (closed)\n"
        "     unfinished jobs in the org:"
        " 750A (Open), 750B (InProgress, close not answered)\n"
        "help: abort them\n"
    )
    untold = evolve(event, jobs=(evolve(outcome, counts=Counts(9)),))
    assert "9 rows: still processing (closed)" in _told([untold])


@pytest.mark.parametrize("phase", ["declared", "open", "uploaded"])
def test_a_job_that_a_step_was_at_work_on_is_not_said_to_be_as_it_was_before(phase: str) -> None:
    outcome = JobOutcome("a", phase, Counts(9), left=("750A (InProgress)",))
    text = _told([RunFinished("r", ExitCode.INTERRUPTED, 1.0, 1.0, (outcome,), help="do")])
    assert "  a  9 rows: still processing\n" in text
    assert "not started" not in text


def test_ids_are_not_cut_in_two_at_the_edge_of_the_terminal() -> None:
    left = tuple(f"7505g000000000{index}AAA (InProgress)" for index in range(3))
    outcome = JobOutcome("a", "closed", Counts(9), left=left)
    event = RunFinished("r", ExitCode.INTERRUPTED, 1.0, 1.0, (outcome,), help="abort them")
    lines = render_summary(event, Style(color=False, width=70, encoding="utf-8"))
    assert all(len(line) <= 70 for line in lines)
    assert all(any(each in line for line in lines) for each in left)


def test_of_many_jobs_that_are_left_the_first_are_named_and_how_to_see_all() -> None:
    left = tuple(f"7505g00000{index:05}AAA (InProgress)" for index in range(1000))
    outcome = JobOutcome("a", "closed", Counts(9), left=left)
    event = RunFinished("r1", ExitCode.INTERRUPTED, 1.0, 1.0, (outcome,), help="abort them")
    text = _told([event])
    assert (
        f"unfinished jobs in the org: {left[0]}, {left[1]}, {left[2]}, "
        "and 997 more: `bulkflow runs r1`\n"
    ) in text
    assert len(text.splitlines()) == 4
    few = _told([evolve(event, jobs=(evolve(outcome, left=left[:3]),))])
    assert all(each in few for each in left[:3])
    assert "more" not in few


def test_several_jobs_stand_in_columns() -> None:
    outcomes = (
        JobOutcome("accounts", "finished", Counts(5, 5), 61.0),
        JobOutcome("人", "aborted", Counts(3, 1, 1, 1)),
    )
    event = RunFinished("r", ExitCode.ROWS_FAILED, 1.0, 1.0, outcomes)
    assert _told([event]) == (
        "done in 1.0 s, but rows failed\n"
        "  accounts  5 rows: 5 loaded in 1 min 1 s\n"
        "  人        3 rows: 1 loaded, 1 failed, 1 not processed (aborted)\n"
    )


def test_data_goes_to_the_other_stream(opening) -> None:
    words, data = io.StringIO(), io.StringIO()
    report = PlainReport(words, data=data)
    report(Shown("job accounts", {"id": "750\x1b", "retries": 0, "none": None, "list": ["é", 1.5]}))
    report.close()
    assert words.getvalue() == ""
    assert data.getvalue() == (
        'job accounts\n  id       750\\x1b\n  retries  0\n  none\n  list     ["é", 1.5]\n'
    )


class _Broken(io.StringIO):
    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error

    def write(self, text: str) -> int:
        raise self.error


def test_a_reader_that_went_away_does_not_stop_the_run(good_run) -> None:
    assert _told(good_run, stream=_Broken(BrokenPipeError(32, "gone"))) == ""


def test_a_full_disk_does_not_stop_the_run_and_is_told_at_the_end(good_run) -> None:
    report = PlainReport(_Broken(OSError(28, "No space left on device")), data=io.StringIO())
    for event in good_run:
        report(event)
    with pytest.raises(OutputError, match="the disk is full"):
        report.close()


def test_what_an_encoding_lacks_is_written_as_an_escape(ascii_stream) -> None:
    ReportStream(ascii_stream).write_line("é\udc80")
    assert ascii_stream.getvalue() == "\\xe9\\udc80\n"


def test_lines_of_several_threads_stay_whole(opening) -> None:
    stream = io.StringIO()
    report = PlainReport(stream, data=io.StringIO())
    threads = [
        Thread(target=lambda: [report(Notice("x" * 50)) for _ in range(100)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report.close()
    assert set(stream.getvalue().splitlines()) == {"  " + "x" * 50}


def test_what_two_jobs_stumble_on_is_told_once(opening) -> None:
    wrong = [DataError("the file is empty", place=each) for each in ("a.csv", "a.csv", "b.csv")]
    finished = RunFinished("r", ExitCode.WRONG, 1.0, 1.0, (), tuple(wrong))
    text = _told([*opening, finished])
    assert text.count("--> a.csv") == 1
    assert text.count("--> b.csv") == 1


def test_rows_that_were_taken_back_are_not_told_as_loaded_alone(opening) -> None:
    outcome = JobOutcome("a", "finished", Counts(5, 5), undone=4)
    text = _told([*opening, RunFinished("r", ExitCode.DONE, 1.0, 1.0, (outcome,))])
    assert "a  5 rows: 5 loaded, 4 of them deleted again" in text


def test_rows_that_were_withheld_and_rows_that_are_unknown_are_told_apart() -> None:
    outcome = JobOutcome("a", "finished", Counts(9, 2, 0, 1, 2, 4))
    assert _told([RunFinished("r", ExitCode.ROWS_FAILED, 1.0, 1.0, (outcome,))]) == (
        "done in 1.0 s, but not all rows are known to be loaded\n"
        "  a  9 rows: 2 loaded, 1 not processed, 2 withheld, 4 unknown\n"
    )


def test_the_commonest_error_stands_below_the_rows_of_its_job() -> None:
    error = ErrorCount("TOO_LONG:data\nvalue too large:Name --", 1_200)
    outcome = JobOutcome("a", "finished", Counts(1_500, 200, 1_300), commonest_error=error)
    assert _told([RunFinished("r", ExitCode.ROWS_FAILED, 1.0, 1.0, (outcome,))]) == (
        "done in 1.0 s, but rows failed\n"
        "  a  1,500 rows: 200 loaded, 1,300 failed\n"
        "     most common error (1,200 rows): TOO_LONG:data value too large:Name --\n"
    )
