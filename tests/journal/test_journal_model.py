"""The journal against a model of it, and a journal that was cut off anywhere."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bulkflow.errors import BulkflowError
from bulkflow.journal import Journal, RunJournal, list_runs, read_run
from bulkflow.journal.store import FILE_NAME
from bulkflow.model.history import IntentKind, IntentOutcome, StepState
from bulkflow.model.part import Manifest, Part, SourceRecord

JOBS = st.sampled_from(["people", "orders[a.csv]"])
PLACES = st.sampled_from(["/0/0#0", "/0/0#0/failure 0", "/0/1#0", "/1/[a]/0/0#0"])
OUTCOMES = st.sampled_from([each.value for each in IntentOutcome])
PART = Part(0, "rows.csv", 10, 90, 1, 2, 7, 90)
SOURCE = SourceRecord("rows.csv", "/data/rows.csv", 90, 5, False, None)


def begin(journal: Journal, run: str) -> RunJournal:
    return RunJournal.begin(
        journal,
        run,
        pipeline="/data/nightly.bulkflow",
        texts={"/data/nightly.bulkflow": "org prod\n"},
        text_digest="0" * 64,
        orgs={"prod": "prod"},
        chosen_orgs={},
        settings={"region": "EMEA"},
        parameters={},
        version="0.1.0",
    )


class JournalMachine(RuleBasedStateMachine):
    """Writes as a run does, forgets everything as a killed one does, and reads it back."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="bulkflow-journal-"))
        time = itertools.count(1.0)
        self.now = lambda: next(time)
        self.journal = Journal.open(self.folder, self.now)
        self.parts: dict[str, int] = {}
        self.intents: dict[str, list[list[Any]]] = {}
        self.numbers: dict[int, list[Any]] = {}
        self.steps: dict[str, StepState] = {}
        self.decisions: dict[str, Any] = {}
        self.over: int | None = None

    @initialize()
    def start(self) -> None:
        self.run = begin(self.journal, "r1")

    @rule(job=JOBS, more=st.integers(1, 3))
    def prepare(self, job: str, more: int) -> None:
        known = self.parts.get(job, 0)
        parts = tuple(evolve(PART, index=known + number) for number in range(more))
        rows = sum(part.rows for part in parts)
        self.run.record_parts(job, Manifest(parts, ("Name",), rows, 0, (SOURCE,)))
        self.parts[job] = known + more

    @precondition(lambda self: self.parts)
    @rule(data=st.data(), action=st.sampled_from(["create", "upload", "close"]))
    def intend(self, data: st.DataObject, action: str) -> None:
        job = data.draw(st.sampled_from(sorted(self.parts)))
        part = data.draw(st.integers(0, self.parts[job] - 1))
        kind = IntentKind.HANDS_OVER if action == "close" else None
        number = self.run.intend(job, part, action, {"id": "750A"}, kind=kind)
        assert number not in self.numbers
        intent = [job, part, action, None]
        self.numbers[number] = intent
        self.intents.setdefault(job, []).append(intent)

    @precondition(lambda self: self.numbers)
    @rule(data=st.data(), outcome=OUTCOMES)
    def settle(self, data: st.DataObject, outcome: str) -> None:
        number = data.draw(st.sampled_from(sorted(self.numbers)))
        self.run.settle(number, outcome, {})
        # What was found out first holds.
        self.numbers[number][3] = self.numbers[number][3] or outcome

    @rule(place=PLACES, state=st.sampled_from(StepState))
    def step(self, place: str, state: StepState) -> None:
        self.run.record_step(place, "a step", state, {})
        self.steps[place] = state
        if state is StepState.HALTED:
            for other in [each for each in self.steps if each.startswith(f"{place}/")]:
                del self.steps[other]

    @rule(place=PLACES, value=st.one_of(st.booleans(), st.lists(st.text(max_size=3), max_size=2)))
    def decide(self, place: str, value: Any) -> None:
        assert self.run.decide_once(place, lambda: value) == self.decisions.setdefault(place, value)

    @rule(code=st.sampled_from([0, 1, 3, 130]), over=st.booleans())
    def finish(self, code: int, over: bool) -> None:
        self.run.finish(code, over=over)
        if over and self.over is None:
            self.over = code

    @rule(code=st.sampled_from([0, 1, 3]))
    def finish_attempt(self, code: int) -> None:
        self.run.finish_attempt(code)
        if code in {0, 3} and self.over in {0, 3}:
            self.over = code

    @rule(reopens=st.booleans())
    def resume(self, reopens: bool) -> None:
        self.journal.close()
        self.journal = Journal.open(self.folder, self.now)
        self.run = RunJournal.resume(self.journal, "r1", version="0.1.0", reopens=reopens)
        if reopens:
            self.over = None
        assert {
            place: found.state for place in self.steps if (found := self.run.find_step(place))
        } == (self.steps)

    @invariant()
    def holds_what_was_written(self) -> None:
        for job, number in self.parts.items():
            history = self.run.read_history(job)
            assert history is not None
            assert [each.part.index for each in history.parts] == list(range(number))
            for each in history.parts:
                found = [
                    [job, each.part.index, intent.action, intent.outcome and intent.outcome.value]
                    for intent in each.intents
                ]
                known = self.intents.get(job, [])
                assert found == [one for one in known if one[1] == each.part.index]
        for place, value in self.decisions.items():
            assert self.run.find_decision(place) == value
        if hasattr(self, "run"):
            (summary,) = list_runs(self.journal)
            assert summary.exit_code == self.over
            assert (summary.finished is None) is (self.over is None)
            sent = [each for each in self.numbers.values() if each[3] != "refused"]
            assert self.run.has_intents() is bool(sent)
            assert self.run.has_handed_over() is any(each[2] == "close" for each in sent)

    def teardown(self) -> None:
        self.journal.close()
        shutil.rmtree(self.folder)


TestJournalMachine = JournalMachine.TestCase
TestJournalMachine.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


# --------------------------------------------------------------- cut off at every page


def written(folder: Path) -> tuple[bytes, bytes]:
    """A journal as a killed process leaves it: the file, and the log that is not yet in it."""
    journal = Journal.open(folder, lambda: 1.0)
    try:
        for number in range(3):
            run = begin(journal, f"r{number}")
            run.record_parts("people", Manifest((PART,), ("Name",), 7, 90, (SOURCE,)))
            for action in ("create", "upload", "close"):
                run.settle(run.intend("people", 0, action, {"pad": "x" * 900}), "done", {})
            run.finish(0)
            if number == 1:
                journal.query("PRAGMA wal_checkpoint(TRUNCATE)")
        path = folder / FILE_NAME
        return path.read_bytes(), path.with_name(f"{FILE_NAME}-wal").read_bytes()
    finally:
        journal.close()


def _clear(error: BulkflowError) -> None:
    """An error that says what is wrong, and what to do."""
    assert FILE_NAME in error.message
    assert error.help


def read_back(folder: Path) -> list[str] | None:
    """The runs that a journal tells of, each consistent; None if it says it is not readable."""
    try:
        journal = Journal.open(folder, lambda: 1.0)
    except BulkflowError as error:
        return _clear(error)
    try:
        found = [each.id for each in list_runs(journal)]
        for run in found:
            record = read_run(journal, run)
            assert record is not None
            recorder = RunJournal(journal, run)
            history = recorder.read_history("people")
            if record.summary.finished is not None:
                # The end was written last, so all before it is there.
                assert history is not None
                assert [each.action for each in history.parts[0].intents] == [
                    "create",
                    "upload",
                    "close",
                ]
        begin(journal, "another")
    except BulkflowError as error:
        return _clear(error)
    finally:
        journal.close()
    return found


def test_a_log_that_is_cut_anywhere_leaves_the_runs_before_the_cut(tmp_path: Path) -> None:
    content, log = written(tmp_path / "whole")
    page = int.from_bytes(content[16:18], "big")
    frames = range(32, len(log) + 1, page + 24)
    assert len(frames) > 10
    before: list[str] = []
    for number, size in enumerate(sorted({0, 1, *frames, *(each + 100 for each in frames)})):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / FILE_NAME).write_bytes(content)
        (folder / f"{FILE_NAME}-wal").write_bytes(log[:size])
        found = read_back(folder)
        assert found is not None, f"{size} bytes of the log"
        assert found[-2:] == ["r1", "r0"]
        assert len(found) >= len(before)
        before = found
        shutil.rmtree(folder)
    assert before == ["r2", "r1", "r0"]


def test_a_file_that_is_cut_at_any_page_is_read_or_said_to_be_unreadable(tmp_path: Path) -> None:
    content, log = written(tmp_path / "whole")
    page = int.from_bytes(content[16:18], "big")
    said = 0
    for number, size in enumerate(range(page, len(content), page)):
        for kept in (b"", log):
            folder = tmp_path / f"{number}-{bool(kept)}"
            folder.mkdir()
            (folder / FILE_NAME).write_bytes(content[:size])
            (folder / f"{FILE_NAME}-wal").write_bytes(kept)
            said += read_back(folder) is None
            shutil.rmtree(folder)
    assert said


@pytest.mark.parametrize("at", [0, 20, 100, 5_000, 9_000])
def test_a_file_with_wrong_bytes_is_read_or_said_to_be_unreadable(tmp_path: Path, at: int) -> None:
    content, _ = written(tmp_path / "whole")
    folder = tmp_path / "wrong"
    folder.mkdir()
    (folder / FILE_NAME).write_bytes(content[:at] + b"\xff" * 64 + content[at + 64 :])
    try:
        read_back(folder)
    except sqlite3.Error as error:
        pytest.fail(f"not converted: {error}")
