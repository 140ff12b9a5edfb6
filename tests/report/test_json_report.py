from __future__ import annotations

import io
import json
import re
import typing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bulkflow.errors import DataError, ExitCode
from bulkflow.model import event as events_module
from bulkflow.model.diagnostic import Diagnostic, PipelineError
from bulkflow.model.event import (
    JobOutcome,
    Notice,
    NoticeLevel,
    Progress,
    RunFinished,
    RunStarted,
    Shown,
    StepFailed,
    StepFinished,
)
from bulkflow.model.part import Counts, ErrorCount
from bulkflow.report import JsonReport
from bulkflow.report.errors.json_diagnostics import diagnostic_to_json
from bulkflow.report.runs.event_json import error_to_json, event_to_json

DOCUMENT = Path(__file__).parents[2] / "docs" / "events.md"


def _documented(heading: str) -> list[str]:
    """The keys of the table in a section of docs/events.md."""
    text = DOCUMENT.read_text(encoding="utf-8")
    match = re.search(rf"^#+ `?{heading}`?$(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    assert match, f"docs/events.md has no section {heading}"
    return re.findall(r"^\| `(\w+)` \|", match[1], re.MULTILINE)


def _documented_in_words(name: str) -> list[str]:
    """The keys in the paragraph that says what a part or an outcome has."""
    text = DOCUMENT.read_text(encoding="utf-8")
    match = re.search(rf"^An? {name} has (.*?)\.$", text, re.MULTILINE | re.DOTALL)
    assert match
    return re.findall(r"`(\w+)`", re.sub(r"\([^()]*\)", "", match[1]))


@pytest.fixture
def samples(good_run, failed_run):
    """One event of each class."""
    events = [*good_run, *failed_run, Shown("t", {"a": 1}, "accounts")]
    return {type(event): event for event in events}


@pytest.mark.parametrize(
    "kind", typing.get_args(events_module.Event), ids=lambda kind: kind.__name__
)
def test_every_event_has_the_keys_that_the_docs_promise(kind, samples) -> None:
    record = event_to_json(samples[kind])
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()
    assert record["event"] == name
    assert list(record) == _documented(name)


def test_parts_and_outcomes_have_the_keys_that_the_docs_promise(opening, good_run) -> None:
    part = event_to_json(opening[0])["parts"][0]
    assert list(part) == _documented_in_words("part")
    outcome = event_to_json(good_run[-1])["jobs"][0]
    phases = {"declared", "open", "uploaded", "closed", "finished", "aborted", "deleted"}
    assert list(outcome) == [key for key in _documented_in_words("outcome") if key not in phases]


def test_errors_places_and_diagnostics_have_the_keys_that_the_docs_promise(place, samples) -> None:
    found = Diagnostic("B203", "m", place("upload"))
    documented = _documented("Errors")
    assert list(error_to_json(DataError("m", place="p"))) == documented[:-1]
    assert [*error_to_json(PipelineError([found]))] == [*documented[:-2], "diagnostics"]
    assert list(event_to_json(samples[StepFailed])["place"]) == _documented("Places")
    assert list(diagnostic_to_json(found)) == _documented("Diagnostics")


def test_diagnostics_of_an_error_are_in_source_order(place) -> None:
    found = [Diagnostic("B2", "m", place("wait")), Diagnostic("B1", "m", place("upload"))]
    record = error_to_json(PipelineError(found))
    assert [each["code"] for each in record["diagnostics"]] == ["B1", "B2"]


def test_each_event_is_one_ascii_line_of_json(good_run, failed_run) -> None:
    stream = io.StringIO()
    report = JsonReport(stream)
    events = [*good_run, *failed_run, Notice("é\n\udc80\u2028", NoticeLevel.WARNING)]
    for event in events:
        report(event)
    report.close()
    lines = stream.getvalue().splitlines()
    assert len(lines) == len(events)
    assert stream.getvalue().isascii()
    assert [json.loads(line) for line in lines] == [event_to_json(event) for event in events]


def test_values_are_carried_over_exactly(progress, place) -> None:
    assert event_to_json(RunStarted("r", "a.bulkflow", "sandbox", 1.5, {"here": "sandbox"})) == {
        "event": "run_started",
        "run": "r",
        "pipeline": "a.bulkflow",
        "org": "sandbox",
        "orgs": {"here": "sandbox"},
        "at": 1.5,
    }
    assert event_to_json(
        progress(2.0, bytes_sent=3, rows_processed=4, rows_failed=1, bytes_total=None)
    ) == {
        "event": "progress",
        "job": "accounts",
        "at": 2.0,
        "parts": 1,
        "parts_done": 0,
        "bytes_sent": 3,
        "bytes_total": None,
        "rows_processed": 4,
        "rows_failed": 1,
        "rows_total": 10_000,
        "states": {"Open": 1},
        "rows_unprocessed": 0,
        "rows_withheld": 0,
        "rows_unknown": 0,
    }
    step = StepFinished(
        "load", "load job a", "a", place("wait"), 2.0, 1.0, Counts(9, 4, 1, 2, 1, 1)
    )
    assert event_to_json(step)["counts"] == {
        "rows": 9,
        "loaded": 4,
        "failed": 1,
        "unprocessed": 2,
        "withheld": 1,
        "unknown": 1,
        "fetched": 0,
    }
    error = DataError("bad", place="a.csv, line 2", help="mend it", notes=["n"])
    commonest = ErrorCount("TOO_LONG:x:Name --", 2)
    outcome = JobOutcome("a", "open", Counts(9, 4, 3, 2), 1.0, ("f.csv",), ("750",), 4, commonest)
    assert event_to_json(
        RunFinished("r", ExitCode.ROWS_FAILED, 2.0, 1.0, (outcome,), (error,), "do")
    ) == {
        "event": "run_finished",
        "run": "r",
        "exit_code": 3,
        "at": 2.0,
        "seconds": 1.0,
        "jobs": [
            {
                "job": "a",
                "phase": "open",
                "rows": 9,
                "loaded": 4,
                "failed": 3,
                "unprocessed": 2,
                "withheld": 0,
                "unknown": 0,
                "fetched": 0,
                "seconds": 1.0,
                "saved": ["f.csv"],
                "left": ["750"],
                "undone": 4,
                "commonest_error": {"message": "TOO_LONG:x:Name --", "rows": 2, "varies": False},
            }
        ],
        "errors": [
            {
                "type": "DataError",
                "message": "bad",
                "help": "mend it",
                "notes": ["n"],
                "exit_code": 2,
                "place": "a.csv, line 2",
            }
        ],
        "help": "do",
    }


def test_data_of_any_type_becomes_json() -> None:
    stream = io.StringIO()
    report = JsonReport(stream)
    properties = {
        "level": NoticeLevel.INFO,
        "code": ExitCode.FAILED,
        "when": datetime(2026, 1, 2, tzinfo=UTC),
        "nan": float("nan"),
        "set": {2, 1},
        "tuple": (1, None, True),
        "path": Path("a"),
        "nested": {1: {"x": 0.5}},
    }
    report(Shown("t", properties))
    report.close()
    assert json.loads(stream.getvalue())["properties"] == {
        "level": "info",
        "code": 1,
        "when": "2026-01-02 00:00:00+00:00",
        "nan": "nan",
        "set": [1, 2],
        "tuple": [1, None, True],
        "path": "a",
        "nested": {"1": {"x": 0.5}},
    }


def test_a_reader_that_went_away_ends_nothing(progress) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(32, "gone")

    report = JsonReport(Gone())
    event: Progress = progress(0.0)
    report(event)
    report(event)
    report.close()
