from __future__ import annotations

import io

import attrs
import pytest
from hypothesis import settings

from bulkflow.errors import ExitCode, StepError
from bulkflow.model.event import (
    Event,
    JobOutcome,
    JobPrepared,
    Notice,
    Progress,
    RunFinished,
    RunStarted,
    StepFailed,
    StepFinished,
    StepStarted,
)
from bulkflow.model.part import Counts, Manifest, Part
from bulkflow.source import SourceText, Span

settings.register_profile("report", deadline=None, max_examples=150)
settings.load_profile("report")


@attrs.define
class SetClock:
    """A clock that stands where the test puts it."""

    now: float = 0.0

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now


class Terminal(io.StringIO):
    """A text stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class LimitedStream(io.StringIO):
    """A text stream that refuses what its encoding lacks, as a real one does."""

    encoding = "ascii"

    def write(self, text: str) -> int:
        text.encode("ascii")
        return super().write(text)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Terminal()


@pytest.fixture
def ascii_stream() -> LimitedStream:
    return LimitedStream()


@pytest.fixture
def pipeline() -> SourceText:
    return SourceText(
        "load.bulkflow",
        "org sandbox\n\n"
        "upload then close job accounts on failure abort\n"
        "wait for job accounts up to 2h\n",
    )


@pytest.fixture
def place(pipeline: SourceText):
    def find(words: str) -> Span:
        start = pipeline.text.index(words)
        return Span(pipeline, start, start + len(words))

    return find


def _progress(at: float, **values: object) -> Progress:
    settings = {
        "job": "accounts",
        "at": at,
        "parts": 1,
        "parts_done": 0,
        "bytes_sent": 0,
        "bytes_total": 1_900_000,
        "rows_processed": 0,
        "rows_failed": 0,
        "rows_total": 10_000,
        "states": {"Open": 1},
    }
    return Progress(**settings | values)


@pytest.fixture
def progress():
    return _progress


@pytest.fixture
def opening() -> list[Event]:
    """The source is read, the run starts."""
    part = Part(0, "accounts.csv", 20, 1_900_000, 1, 2, 10_000, 1_900_000)
    manifest = Manifest((part,), ("Name", "Phone"), 10_000, 1_900_000, (), ("no byte order mark",))
    return [
        JobPrepared("accounts", manifest),
        RunStarted("20261122-0201-7f3a", "load.bulkflow", "sandbox", 0.0),
    ]


@pytest.fixture
def good_run(opening, place) -> list[Event]:
    """A run of seven seconds in which seven rows fail and are saved."""
    upload = ("upload", "upload", "accounts", place("upload"))
    close = ("close {job}", "close job accounts", "accounts", place("close job accounts"))
    text = "wait for job accounts up to 2h"
    wait = ("wait [for {job}]", text, "accounts", place(text))
    up = 1_900_000
    return [
        *opening,
        StepStarted(*upload, 0.0),
        _progress(0.0),
        _progress(2.0, bytes_sent=950_000),
        _progress(2.5, bytes_sent=up),
        StepFinished(*upload, 2.5, 2.5),
        StepStarted(*close, 2.5),
        StepFinished(*close, 2.51, 0.01),
        StepStarted(*wait, 2.51),
        _progress(3.0, bytes_sent=up, states={"UploadComplete": 1}),
        _progress(
            5.0, bytes_sent=up, states={"InProgress": 1}, rows_processed=5_000, rows_failed=3
        ),
        _progress(
            7.0,
            bytes_sent=up,
            states={"JobComplete": 1},
            rows_processed=10_000,
            rows_failed=7,
            parts_done=1,
        ),
        StepFinished(*wait, 7.0, 4.49),
        Notice("saved failed rows of accounts to out/failed.csv (7 rows)"),
        RunFinished(
            "20261122-0201-7f3a",
            ExitCode.DONE,
            7.0,
            7.0,
            (
                JobOutcome(
                    "accounts", "finished", Counts(10_000, 9_993, 7), saved=("out/failed.csv",)
                ),
            ),
        ),
    ]


@pytest.fixture
def failed_run(opening, place) -> list[Event]:
    """The upload is refused, the handler's abort is interrupted by another failure."""
    upload = ("upload", "upload", "accounts", place("upload"))
    abort = ("abort", "abort", "accounts", place("abort"))
    refused = StepError(
        "the org refused the data of accounts",
        help="see whether the job is still open",
        notes=["HTTP 400 InvalidJobState: \x1b[2Jno", "job 7503h00000abcde is Open"],
    )
    lost = StepError("the org did not answer")
    return [
        *opening,
        StepStarted(*upload, 0.0),
        _progress(1.0, bytes_sent=950_000),
        StepFailed(*upload, 2.0, 2.0, refused),
        StepStarted(*abort, 2.0),
        StepFailed(*abort, 3.0, 1.0, lost),
        RunFinished(
            "20261122-0201-7f3a",
            ExitCode.FAILED,
            3.0,
            3.0,
            (JobOutcome("accounts", "open", Counts(10_000, 0, 0, 10_000), left=("7503h",)),),
            (refused, lost),
        ),
    ]
