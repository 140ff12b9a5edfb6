"""The journal's invariants, and the files that it cannot be kept in."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from attrs import evolve

from bulkflow.errors import ExitCode, UsageError
from bulkflow.journal import (
    Journal,
    JournalError,
    RunJournal,
    list_runs,
    read_run,
    read_run_details,
    store,
)
from bulkflow.journal.schema import FORMAT
from bulkflow.journal.store import FILE_NAME
from bulkflow.model.history import StepState
from bulkflow.model.part import Manifest, Part, SourceRecord

DATA = Path(__file__).with_name("data")
PART = Part(0, "rows.csv", 10, 90, 1, 2, 7, 90)


def rows(journal: Journal, columns: str, table: str) -> list[tuple[object, ...]]:
    return journal.query(f"SELECT {columns} FROM {table} ORDER BY 1")


def manifest(*parts: Part) -> Manifest:
    return Manifest(parts, ("Name",), sum(part.rows for part in parts), 0)


# --------------------------------------------------------------------------- invariant 1

KILLED = """
import sys
from pathlib import Path
from bulkflow.journal import Journal, RunJournal

journal = Journal.open(Path(sys.argv[1]), lambda: 1.0)
run = RunJournal.begin(
    journal, "r1", pipeline="x", texts={}, text_digest="", orgs={}, chosen_orgs={},
    settings={}, parameters={}, version="0",
)
number = run.intend("accounts", 3, "create", {"object": "Account"})
print("intended", number, flush=True)
sys.stdin.read()
"""


def test_an_intent_survives_a_killed_process(tmp_path: Path, open_journal) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "intended 1\n"
        finally:
            process.kill()
    if os.name == "posix":
        assert process.returncode == -signal.SIGKILL
    columns = "number, run, job, part, action, detail, outcome"
    assert rows(open_journal(), columns, "intent") == [
        (1, "r1", "accounts", 3, "create", '{"object": "Account"}', None)
    ]


def test_commits_are_synced(journal: Journal) -> None:
    assert journal.query("PRAGMA synchronous") == [(2,)]  # FULL
    assert journal.query("PRAGMA journal_mode") == [("wal",)]
    assert journal.query("PRAGMA fullfsync") == [(1,)]


def test_what_was_returned_can_be_seen_by_another_process_at_once(run, open_journal) -> None:
    run.intend("accounts", 0, "create", {})
    assert rows(open_journal(), "job", "intent") == [("accounts",)]


def test_an_intent_is_synced_with_all_before_it_and_answers_are_not(journal, begin) -> None:
    run = begin(journal)
    statements: list[str] = []
    journal._connection.set_trace_callback(statements.append)
    run.record_parts("accounts", manifest(PART))
    for action in ("create", "upload"):
        number = run.intend("accounts", 0, action, {})
        run.settle(number, "done", {"id": "750000000000001AAA"})
        run.record_state("accounts", 0, "750000000000001AAA", "Open")
    run.record_step("0", "load", StepState.FINISHED, {})
    synced, wrote, commits = True, "", []
    for statement in statements:
        words = statement.split()
        match words[0]:
            case "PRAGMA":
                synced = words[-1] == "FULL"
            case "INSERT":
                wrote = words[2]
            case "UPDATE":
                wrote = "outcome"
            case "COMMIT":
                commits.append((wrote, synced))
            case _:
                pass
    turn = [("intent", True), ("outcome", False), ("remote_state", False)]
    assert commits == [("part", True), *turn, *turn, ("step", True)]


# ------------------------------------------------------------------------- what is kept


def test_a_parts_story_is_kept_in_its_order(run, journal: Journal) -> None:
    run.record_parts("accounts", manifest(PART, evolve(PART, index=1)))
    create = run.intend("accounts", 0, "create", {"object": "Account"})
    run.settle(create, "done", {"id": "750A"})
    run.record_state("accounts", 0, "750A", "Open")
    upload = run.intend("accounts", 0, "upload", {})
    run.record_state("accounts", 0, "750A", "UploadComplete")
    run.finish(1)
    assert rows(journal, "number, source, start, end, first_row, rows, bytes", "part") == [
        (0, "rows.csv", 10, 90, 1, 7, 90),
        (1, "rows.csv", 10, 90, 1, 7, 90),
    ]
    assert rows(journal, "number, action, outcome, outcome_detail", "intent") == [
        (create, "create", "done", '{"id": "750A"}'),
        (upload, "upload", None, None),
    ]
    assert rows(journal, "number, remote_id, state", "remote_state") == [
        (1, "750A", "Open"),
        (2, "750A", "UploadComplete"),
    ]
    assert rows(journal, "id, pipeline, orgs, parameters, exit_code", "run") == [
        ("r1", "/data/nightly.bulkflow", '{"prod": "prod"}', '{"region": "EMEA"}', 1)
    ]


def test_files_and_parts_are_read_back_as_they_were_recorded(run, journal: Journal) -> None:
    part = evolve(PART, digest="xxh3:06b05ab6733a618578af5f94892f3950")
    source = SourceRecord("rows.csv", "/data/rows.csv", 90, 5, True, "/map", "xxh3:99aa06d3")
    run.record_parts("accounts", evolve(manifest(part), sources=(source,)))
    history = run.read_history("accounts")
    assert history is not None
    assert history.sources == (source,)
    assert [each.part for each in history.parts] == [part]


def test_every_state_that_was_seen_of_the_last_job_is_read_back(run) -> None:
    run.record_parts("accounts", manifest(PART))
    run.record_state("accounts", 0, "750A", "Failed")
    run.record_state("accounts", 0, "750B", "Open")
    run.record_state("accounts", 0, "750B", "UploadComplete", (4, 1))
    run.record_state("accounts", 0, "750B", "Aborted", (6, 2))
    (part,) = run.read_history("accounts").parts
    assert (part.remote_id, part.state, part.counters) == ("750B", "Aborted", (6, 2))
    assert part.states == {"Open", "UploadComplete", "Aborted"}


def test_a_run_tells_the_org_of_each_job(journal: Journal, begin) -> None:
    run = begin(journal)
    run.record_parts("accounts", manifest(PART), "target")
    run.record_parts("accounts", manifest(evolve(PART, index=1)))
    run.record_parts("contacts", manifest(PART), "source")
    told = read_run_details(journal, "r1")
    assert told is not None
    assert {job: each.org for job, each in told.jobs.items()} == {
        "accounts": "target",
        "contacts": "source",
    }


def test_an_org_that_the_command_line_chose_is_chosen_again(journal: Journal) -> None:
    with journal.transaction() as connection:
        for run, columns in (("old", "chosen_org"), ("new", "chosen_orgs")):
            value = "uat" if run == "old" else '{"target": "uat"}'
            connection.execute(
                "INSERT INTO run (id, pipeline, text_digest, parameters, bulkflow, host, pid,"
                f" started, {columns}) VALUES (?, 'x', '', '{{}}', '', '', 1, 1, ?)",
                (run, value),
            )
    chosen = [read_run(journal, run) for run in ("old", "new")]
    assert [each and each.chosen_orgs for each in chosen] == [{"": "uat"}, {"target": "uat"}]


def test_an_outcome_is_written_once(run, journal: Journal) -> None:
    intent = run.intend("accounts", 0, "create", {})
    run.settle(intent, "done", {"id": "750A"})
    run.settle(intent, "refused", {})
    assert rows(journal, "outcome, outcome_detail", "intent") == [("done", '{"id": "750A"}')]


def test_a_runs_end_is_written_once(run, journal: Journal) -> None:
    run.finish(130)
    run.finish(0)
    assert rows(journal, "exit_code", "run") == [(130,)]


def test_runs_do_not_see_each_others_intents(run, journal: Journal, begin) -> None:
    other = begin(journal, "r2")
    run.intend("accounts", 0, "create", {})
    assert run.has_intents()
    assert not other.has_intents()


# ---------------------------------------------------------------------------- failures


def test_a_record_that_cannot_be_kept_is_kept_not_even_in_part(run, journal: Journal) -> None:
    with pytest.raises(JournalError):
        run.record_parts("accounts", manifest(PART, evolve(PART, index=1), PART))
    assert rows(journal, "number", "part") == []
    run.record_parts("accounts", manifest(PART))
    assert rows(journal, "number", "part") == [(0,)]


def test_details_that_are_no_json_are_refused_and_the_journal_goes_on(run, journal) -> None:
    with pytest.raises(TypeError):
        run.intend("accounts", 0, "create", {"when": object()})
    assert run.intend("accounts", 0, "create", {}) == 1


def test_a_full_disk_is_an_error_that_says_what_to_do(run, journal: Journal) -> None:
    (used,) = journal.query("PRAGMA page_count")[0]
    journal.query(f"PRAGMA max_page_count = {used}")
    with pytest.raises(JournalError, match="cannot write the journal") as caught:
        run.intend("accounts", 0, "create", {"much": "x" * 100_000})
    assert caught.value.help is not None
    assert isinstance(caught.value.__cause__, sqlite3.Error)
    journal.query(f"PRAGMA max_page_count = {used + 1000}")
    assert run.intend("accounts", 0, "create", {"much": "x" * 100_000}) == 1


# ----------------------------------------------------------------------------- threads


def test_threads_share_a_journal(run, journal: Journal) -> None:
    def story(part: int) -> int:
        intent = run.intend("accounts", part, "create", {})
        run.settle(intent, "done", {"part": part})
        run.record_state("accounts", part, f"750{part}", "Open")
        return intent

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(story, range(100)))
    assert sorted(numbers) == list(range(1, 101))
    assert rows(journal, "count(*)", "remote_state") == [(100,)]
    # Each thread got the number of its own intent.
    kept = dict(rows(journal, "number, part", "intent"))
    assert [kept[number] for number in numbers] == list(range(100))


def handed_in(journal: Journal, count: int) -> None:
    """Wait until so many threads wait for their turn."""
    deadline = time.monotonic() + 30
    while len(journal._waiting) < count:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_threads_that_wait_for_their_turn_share_a_commit(run, journal: Journal) -> None:
    statements: list[str] = []
    journal._connection.set_trace_callback(statements.append)
    with ThreadPoolExecutor(8) as pool:
        with journal.transaction():
            told = [pool.submit(run.intend, "accounts", part, "create", {}) for part in range(8)]
            handed_in(journal, 8)
        numbers = {future.result(): part for part, future in enumerate(told)}
    journal._connection.set_trace_callback(None)
    # One for the block, and one for all of them.
    assert statements.count("COMMIT") == 2
    assert dict(rows(journal, "number, part", "intent")) == numbers


def test_what_is_noted_while_another_writes_is_committed_with_its_turn(
    run, journal: Journal, open_journal
) -> None:
    intent = run.intend("accounts", 0, "create", {})
    with ThreadPoolExecutor(1) as pool, journal.transaction():
        pool.submit(run.settle, intent, "done", {}).result(30)
        pool.submit(run.record_state, "accounts", 0, "750A", "Open").result(30)
    seen = open_journal()
    assert rows(seen, "outcome", "intent") == [("done",)]
    assert rows(seen, "remote_id", "remote_state") == [("750A",)]


def test_what_is_noted_comes_before_what_is_written_and_read_later(run, journal: Journal) -> None:
    intent = run.intend("accounts", 0, "create", {})
    statements: list[str] = []
    with ThreadPoolExecutor(1) as pool:
        with journal.transaction():
            pool.submit(run.record_state, "accounts", 0, "750A", "Open").result(30)
            pool.submit(run.settle, intent, "refused", {}).result(30)
            later = pool.submit(run.has_intents)
            journal._connection.set_trace_callback(statements.append)
        assert later.result(30) is False
    journal._connection.set_trace_callback(None)
    kinds = [words[0] for each in statements if (words := each.split())[0] in {"INSERT", "UPDATE"}]
    assert kinds == ["INSERT", "UPDATE"]


def test_a_full_disk_is_an_error_for_all_who_share_the_commit(run, journal: Journal) -> None:
    detail = {"much": "x" * 100_000}
    with ThreadPoolExecutor(4) as pool:
        (used,) = journal.query("PRAGMA page_count")[0]
        journal.query(f"PRAGMA max_page_count = {used}")
        with journal._lock:
            told = [pool.submit(run.intend, "accounts", part, "create", detail) for part in (0, 1)]
            handed_in(journal, 2)
        assert all(isinstance(each.exception(30), JournalError) for each in told)
    assert rows(journal, "number", "intent") == []


def test_what_was_noted_and_cannot_be_kept_is_told_to_who_commits_it(run, journal) -> None:
    (used,) = journal.query("PRAGMA page_count")[0]
    journal.query(f"PRAGMA max_page_count = {used}")
    with journal._lock:
        run.record_state("accounts", 0, "x" * 100_000, "Open")
    with pytest.raises(JournalError, match="cannot write the journal"):
        run.has_intents()
    journal._connection.execute("PRAGMA max_page_count = 100000")
    journal.close()


def test_nothing_is_intended_without_what_was_noted_before(run, journal: Journal) -> None:
    (used,) = journal.query("PRAGMA page_count")[0]
    journal.query(f"PRAGMA max_page_count = {used}")
    with ThreadPoolExecutor(1) as pool:
        with journal._lock:
            pool.submit(run.record_state, "accounts", 0, "7" * 100_000, "Open").result(30)
        with pytest.raises(JournalError):
            run.has_intents()
        # The thread that noted it knows nothing of that, and goes on.
        with pytest.raises(JournalError):
            pool.submit(run.intend, "accounts", 0, "upload", {}).result(30)
        journal._connection.execute("PRAGMA max_page_count = 100000")
        pool.submit(run.intend, "accounts", 0, "upload", {}).result(30)
    assert rows(journal, "length(remote_id)", "remote_state") == [(100_000,)]
    assert rows(journal, "action", "intent") == [("upload",)]


def test_what_was_noted_after_the_file_was_closed_is_told(run, journal: Journal) -> None:
    journal.close()
    with pytest.raises(JournalError, match="cannot write the journal"):
        run.record_state("accounts", 0, "750A", "Open")


def test_a_value_that_cannot_be_written_is_no_fault_of_others(run, journal: Journal) -> None:
    with ThreadPoolExecutor(2) as pool:
        with journal._lock:
            told = [pool.submit(run.intend, job, 0, "create", {}) for job in ("\ud800", "accounts")]
            handed_in(journal, 2)
        assert isinstance(told[0].exception(30), UnicodeEncodeError)
        assert told[1].result(30) == 1
    with pytest.raises(UnicodeEncodeError):
        run.record_state("\ud800", 0, "750A", "Open")
    assert rows(journal, "job", "intent") == [("accounts",)]


def test_half_a_character_in_what_an_org_says_can_be_kept(run, journal: Journal) -> None:
    # JSON can say it, and a text that was cut does.
    told = {"error": "STRING_TOO_LONG: \ud83d"}
    run.record_parts("accounts", manifest(PART))
    run.settle(run.intend("accounts", 0, "create", {}), "refused", told)
    (intent,) = run.read_history("accounts").parts[0].intents
    assert intent.result == told


def test_one_who_is_interrupted_leaves_the_others_their_turn(
    run, journal: Journal, monkeypatch
) -> None:
    inner = store.transaction

    def interrupted(_: sqlite3.Connection) -> object:
        monkeypatch.setattr(store, "transaction", inner)
        raise KeyboardInterrupt

    with ThreadPoolExecutor(2) as pool:
        with journal._lock:
            told = [pool.submit(run.intend, "accounts", part, "create", {}) for part in (0, 1)]
            handed_in(journal, 2)
            monkeypatch.setattr(store, "transaction", interrupted)
        (kept,) = [each.result(30) for each in told if each.exception(30) is None]
    assert kept in {number for (number,) in rows(journal, "number", "intent")}


def test_what_was_noted_is_kept_when_the_file_is_closed(
    run, journal: Journal, open_journal
) -> None:
    with journal._lock:
        run.record_state("accounts", 0, "750A", "Open")
    journal.close()
    assert rows(open_journal(), "remote_id", "remote_state") == [("750A",)]


def test_two_may_begin_with_the_same_empty_file(tmp_path: Path) -> None:
    together = threading.Barrier(4)

    def open_() -> Journal:
        together.wait(10)
        return Journal.open(tmp_path, lambda: 1.0)

    with ThreadPoolExecutor(4) as pool:
        journals = [future.result() for future in [pool.submit(open_) for _ in range(4)]]
    try:
        for journal in journals:
            assert journal.query("PRAGMA user_version") == [(FORMAT,)]
    finally:
        for journal in journals:
            journal.close()


# ------------------------------------------------------------------------ files and formats


def test_an_empty_file_becomes_a_journal(tmp_path: Path, open_journal, begin) -> None:
    (tmp_path / FILE_NAME).touch()
    begin(open_journal()).intend("accounts", 0, "create", {})


def test_a_journal_is_for_its_owner_only(tmp_path: Path, journal: Journal) -> None:
    if os.name != "posix":
        pytest.skip("permissions are a matter of the folder here")
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_a_journal_can_be_opened_again(open_journal, begin) -> None:
    first = open_journal()
    begin(first).intend("accounts", 0, "create", {})
    first.close()
    second = open_journal()
    assert rows(second, "job", "intent") == [("accounts",)]
    begin(second, "r2")


@pytest.mark.parametrize("dump", sorted(DATA.glob("format-*.sql")), ids=lambda path: path.stem)
def test_a_journal_of_an_older_bulkflow_can_be_read_and_written(
    tmp_path: Path, open_journal, begin, dump: Path
) -> None:
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.executescript(dump.read_text("utf-8"))
    connection.close()
    journal = open_journal()
    assert journal.query("PRAGMA user_version") == [(FORMAT,)]
    assert rows(journal, "id, exit_code", "run") == [
        ("20260103-020000-a1b2", 1),
        ("20260104-020000-c3d4", None),
    ]
    assert rows(journal, "number, run, job, part, action, outcome", "intent") == [
        (1, "20260103-020000-a1b2", "accounts", 0, "create", "done"),
        (2, "20260103-020000-a1b2", "accounts", 0, "upload", "refused"),
        (3, "20260104-020000-c3d4", "accounts", 0, "create", None),
    ]
    assert rows(journal, "job, number, rows, bytes", "part") == [("accounts", 0, 7, 90)]
    several = {"source": "prod", "target": "uat"} if dump.stem >= "format-4" else {}
    assert {each.id: each.orgs for each in list_runs(journal)} == {
        "20260103-020000-a1b2": {"prod": "prod"},
        "20260104-020000-c3d4": several,
    }
    assert rows(journal, "remote_id, state", "remote_state") == [("750A", "Open")]
    history = RunJournal(journal, "20260103-020000-a1b2").read_history("accounts")
    assert history is not None
    # The format that came third is the first to keep digests.
    known = dump.stem >= "format-3"
    assert [bool(each.part.digest) for each in history.parts] == [known]
    assert all(bool(each.digest) is known for each in history.sources)
    assert begin(journal, "new").intend("accounts", 0, "create", {}) == 4


def test_there_is_a_dump_of_every_format() -> None:
    assert [path.stem for path in sorted(DATA.glob("*.sql"))] == [
        f"format-{number}" for number in range(1, FORMAT + 1)
    ]


def test_a_newer_format_is_left_alone(tmp_path: Path, journal: Journal) -> None:
    journal.close()
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.execute(f"PRAGMA user_version = {FORMAT + 1}")
    connection.close()
    with pytest.raises(UsageError, match="was written by a newer bulkflow") as caught:
        Journal.open(tmp_path, lambda: 1.0)
    assert caught.value.exit_code is ExitCode.WRONG
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    assert connection.execute("PRAGMA user_version").fetchone() == (FORMAT + 1,)
    connection.close()


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_text("my notes, which are no database" * 100, "utf-8")
    with pytest.raises(UsageError, match="as a journal"):
        Journal.open(tmp_path, lambda: 1.0)
    assert path.read_text("utf-8").startswith("my notes")


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.execute("CREATE TABLE part (x)")
    connection.close()
    with pytest.raises(UsageError, match="as a journal"):
        Journal.open(tmp_path, lambda: 1.0)
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    connection.close()
    assert found == [("part",)]


@pytest.mark.parametrize("taken", ["state", FILE_NAME])
def test_a_place_that_cannot_be_written_is_a_usage_error(tmp_path: Path, taken: str) -> None:
    directory = tmp_path / "state"
    if taken == "state":
        directory.write_text("a file", "utf-8")
    else:
        (directory / FILE_NAME).mkdir(parents=True)
    with pytest.raises(UsageError) as caught:
        Journal.open(directory, lambda: 1.0)
    assert "cannot write a journal in" in caught.value.message
    assert caught.value.help is not None
    assert "--state-dir" in caught.value.help
