"""Killed anywhere, gone on with: every row is loaded once."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bulkflow.journal.store import FILE_NAME
from bulkflow_csv import compute_digest
from bulkflow_ingest.execution.part_upload import MAX_REFUSALS
from bulkflow_sandbox import Sandbox
from bulkflow_sandbox.faults.fault import FailJob
from bulkflow_sandbox.testing import local_org
from support.proxy import Handler, Proxy, answering, lose_answer
from support.workshop import Ran, Workshop

JOB = "/jobs/ingest/[^/]+"
STAGED = (
    'org env\njob people\n    insert Contact\n    from "people.csv"\n    parts of 10 rows\n'
    "upload then close job people\nwait for job people every 20ms\n"
    'save successful rows of job people to "made.csv"\n'
)
STREAMED = STAGED.replace(
    "upload then close job people\nwait for job people every 20ms", "load job people"
)

posix = pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")


@pytest.fixture
def tag(request: pytest.FixtureRequest) -> str:
    return hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:8]


@pytest.fixture
def people(workshop: Workshop, tag: str) -> Path:
    return workshop.write("people.csv", "LastName\n" + "".join(f"{tag}{i:03}\n" for i in range(25)))


def loaded(sandbox: Sandbox, tag: str) -> list[str]:
    with sandbox.database.reading() as connection:
        rows = connection.execute(
            'SELECT "LastName" FROM "Contact" WHERE "LastName" LIKE ? ORDER BY "LastName"',
            (f"{tag}%",),
        )
        return [name for (name,) in rows]


def alive(sandbox: Sandbox, tag: str) -> list[str]:
    with sandbox.database.reading() as connection:
        rows = connection.execute(
            'SELECT "LastName" FROM "Contact" WHERE "LastName" LIKE ? AND "IsDeleted" = 0',
            (f"{tag}%",),
        )
        return [name for (name,) in rows]


def once(tag: str) -> list[str]:
    return [f"{tag}{i:03}" for i in range(25)]


def resume(workshop: Workshop, *arguments: str) -> Ran:
    state = str(workshop.folder / "state")
    return workshop.command("resume", *arguments, "--state-dir", state, "--json")


def in_progress(handler: Handler, forward: Callable[[], None]) -> None:
    """Say that a job is still processed."""
    job = handler.path.split("?")[0].split("/")[-1]
    answering(200, {"id": job, "state": "InProgress"})(handler, forward)


def refuse_to_close(proxy: Proxy) -> None:
    """Let the closing of all three parts fail, once."""
    for _ in range(3):
        proxy.on("PATCH", JOB, answering(403, [{"errorCode": "X", "message": "no"}]))


def kill_at(
    workshop: Workshop, proxy: Proxy, pipeline: str, method: str, path: str, when: str
) -> None:
    """Run in a process of its own, and kill it when a request has come, or was carried out."""
    file = workshop.write("test.bulkflow", pipeline)
    command = [sys.executable, "-m", "bulkflow", "run", str(file)]
    command += ["--state-dir", str(workshop.folder / "state")]
    process: list[subprocess.Popen[bytes]] = []

    def kill(handler: Handler, forward: Callable[[], None]) -> None:
        if when == "after":
            handler.exchange()
        else:
            handler.body()
        process[0].kill()
        handler.cut()

    proxy.on(method, path, kill)
    with proxy.held():
        process.append(
            subprocess.Popen(
                command,
                env={**os.environ, **workshop.environ},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
    assert process[0].wait() == -signal.SIGKILL


@posix
@pytest.mark.parametrize("pipeline", [STAGED, STREAMED], ids=["staged", "streamed"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/jobs/ingest"),
        ("PUT", f"{JOB}/batches"),
        ("PATCH", JOB),
        ("GET", JOB),
        ("GET", f"{JOB}/successfulResults"),
    ],
    ids=["create", "upload", "close", "poll", "results"],
)
def test_a_killed_run_is_gone_on_with(
    workshop: Workshop,
    proxy: Proxy,
    sandbox: Sandbox,
    people: Path,
    tag: str,
    pipeline: str,
    method: str,
    path: str,
    when: str,
) -> None:
    kill_at(workshop, proxy, pipeline, method, path, when)
    ran = resume(workshop)
    assert ran.code == 0, ran.out + ran.err
    assert loaded(sandbox, tag) == once(tag)
    saved = (workshop.folder / "made.csv").read_text("utf-8").splitlines()
    assert sorted(line.partition(",")[0] for line in saved[1:]) == once(tag)


@posix
def test_a_run_that_is_killed_while_it_is_gone_on_with(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox, people: Path, tag: str
) -> None:
    kill_at(workshop, proxy, STAGED, "PUT", f"{JOB}/batches", "after")
    for method, path in (("PUT", f"{JOB}/batches"), ("PATCH", JOB)):
        child: list[subprocess.Popen[bytes]] = []

        def kill(handler: Handler, forward: Callable[[], None], child=child) -> None:
            handler.exchange()
            child[0].kill()
            handler.cut()

        proxy.on(method, path, kill)
        command = [sys.executable, "-m", "bulkflow", "resume"]
        command += ["--state-dir", str(workshop.folder / "state")]
        with proxy.held():
            child.append(
                subprocess.Popen(
                    command,
                    env={**os.environ, **workshop.environ},
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
        assert child[0].wait() == -signal.SIGKILL
    ran = resume(workshop)
    assert ran.code == 0, ran.out + ran.err
    assert loaded(sandbox, tag) == once(tag)


def test_another_run_of_an_unfinished_file_is_refused(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox, people: Path, tag: str
) -> None:
    refuse_to_close(proxy)
    failed = workshop.run(STAGED)
    assert failed.code == 1
    run = str(failed.event("run_finished")["run"])
    assert f"bulkflow resume {run}" in str(failed.event("run_finished")["help"])
    again = workshop.run(STAGED)
    assert again.code == 2
    assert f"bulkflow resume {run}" in again.err
    assert f"bulkflow abort {run}" in again.err
    assert "--resume" in again.err
    assert loaded(sandbox, tag) == []
    proxy.rules.clear()
    ran = resume(workshop, run)
    assert ran.code == 0, ran.out + ran.err
    assert loaded(sandbox, tag) == once(tag)
    assert resume(workshop, run).code == 2


def test_what_is_done_is_not_done_again(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox, people: Path, tag: str
) -> None:
    refuse_to_close(proxy)
    failed = workshop.run(STAGED.replace("upload", 'log "first"\nupload'))
    assert failed.code == 1
    uploads = proxy.count("PUT", "/batches")
    ran = resume(workshop)
    assert ran.code == 0, ran.out + ran.err
    assert proxy.count("PUT", "/batches") == uploads
    assert "first" not in [each.get("message") for each in ran.events]


def test_digests_are_recorded_and_a_run_without_them_can_be_gone_on_with(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox, people: Path, tag: str
) -> None:
    refuse_to_close(proxy)
    assert workshop.run(STAGED).code == 1
    with closing(sqlite3.connect(workshop.folder / "state" / FILE_NAME)) as journal:
        assert journal.execute("SELECT digest FROM source").fetchall() == [
            (compute_digest(people),)
        ]
        ranges = journal.execute("SELECT start, end, digest FROM part").fetchall()
        assert len(ranges) == 3
        for start, end, found in ranges:
            assert found == compute_digest(people, start, end)
        # As an older version, which knew no digests, left it.
        journal.execute("UPDATE source SET digest = ''")
        journal.execute("UPDATE part SET digest = ''")
        journal.commit()
    ran = resume(workshop)
    assert ran.code == 0, ran.out + ran.err
    assert loaded(sandbox, tag) == once(tag)


def refuse_to_upload_the_last(proxy: Proxy) -> None:
    """Let the upload of the third part fail for good; the two before it are up by then."""
    proxy.on("PUT", "/batches", lambda handler, forward: forward(), times=2)
    refusal = answering(400, [{"errorCode": "X", "message": "no"}])
    proxy.on("PUT", "/batches", refusal, times=MAX_REFUSALS)


def test_what_was_up_before_is_told_as_up_and_not_as_sent_again(
    workshop: Workshop, proxy: Proxy, people: Path
) -> None:
    refuse_to_upload_the_last(proxy)
    narrow = STAGED.replace("    parts of", "    over 1 connections\n    parts of")
    failed = workshop.run(narrow)
    assert failed.code == 1
    prepared = failed.event("job_prepared")
    up = sum(part["bytes"] for part in prepared["parts"][:2])
    state = str(workshop.folder / "state")
    ran = workshop.command("resume", "--state-dir", state)
    assert ran.code == 0, ran.out + ran.err
    assert f"{up} bytes already sent" in ran.err
    assert f", {prepared['bytes'] - up} bytes sent" in ran.err


def test_reports_of_a_run_that_is_gone_on_with_begin_with_what_is_up(
    workshop: Workshop, proxy: Proxy, people: Path
) -> None:
    refuse_to_upload_the_last(proxy)
    failed = workshop.run(STAGED.replace("    parts of", "    over 1 connections\n    parts of"))
    up = sum(part["bytes"] for part in failed.event("job_prepared")["parts"][:2])
    ran = resume(workshop)
    assert ran.event("job_prepared")["bytes_sent"] == up
    sent = [each["bytes_sent"] for each in ran.events if each["event"] == "progress"]
    assert min(sent) == up
    assert max(sent) == ran.event("job_prepared")["bytes"]


def kept(path: Path, content: bytes) -> None:
    """Another content with the size and the time of the file."""
    found = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert path.stat().st_size == found.st_size


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda path: path.write_bytes(path.read_bytes() + b"more\n"), "bytes, and now has"),
        (
            lambda path: kept(path, path.read_bytes()[:-2] + b"X\n"),
            "part 3, from line 22 on, is different",
        ),
        (lambda path: kept(path, path.read_bytes().replace(b"LastN", b"MoreN")), "its header"),
        (lambda path: path.unlink(), "does not exist"),
    ],
    ids=["longer", "other row", "other header", "gone"],
)
def test_a_changed_file_is_refused_where_rows_of_it_are_to_be_sent(
    workshop: Workshop,
    proxy: Proxy,
    sandbox: Sandbox,
    people: Path,
    tag: str,
    change: Callable[[Path], object],
    said: str,
) -> None:
    refuse_to_upload_the_last(proxy)
    assert workshop.run(STAGED).code == 1
    before = people.read_bytes()
    change(people)
    uploads = proxy.count("PUT", "/batches")
    ran = resume(workshop)
    assert ran.code == 1
    assert said in ran.out
    assert proxy.count("PUT", "/batches") == uploads
    assert loaded(sandbox, tag) == []
    # Put back, with another time.
    people.write_bytes(before)
    ran = resume(workshop)
    assert ran.code == 0, ran.out
    assert loaded(sandbox, tag) == once(tag)


def test_a_file_whose_rows_are_all_up_is_not_needed_before_they_are_saved(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox, people: Path, tag: str
) -> None:
    refuse_to_close(proxy)
    assert workshop.run(STAGED).code == 1
    before = people.read_bytes()
    people.unlink()
    ran = resume(workshop)
    assert ran.code == 1
    assert "does not exist" in ran.out
    assert loaded(sandbox, tag) == once(tag)
    kept_away = workshop.write("people.csv", before.replace(b"000", b"xxx"))
    assert resume(workshop).code == 1
    kept_away.write_bytes(before)
    assert resume(workshop).code == 0
    assert len((workshop.folder / "made.csv").read_text("utf-8").splitlines()) == 26


@pytest.mark.parametrize("command", ["abort", "undo"])
def test_a_run_is_given_up_and_taken_back_without_its_file(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox, people: Path, tag: str, command: str
) -> None:
    if command == "abort":
        refuse_to_upload_the_last(proxy)
    ran = workshop.run(STAGED)
    people.unlink()
    run, state = str(ran.event("run_finished")["run"]), str(workshop.folder / "state")
    options = ["--yes"] if command == "undo" else []
    done = workshop.command(command, run, *options, "--state-dir", state, "--json")
    assert done.code == 0, done.out
    assert done.event("run_finished")["jobs"][0]["left"] == []
    assert alive(sandbox, tag) == []


def test_a_file_that_changes_while_it_is_sent_is_not_loaded(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox, people: Path, tag: str
) -> None:
    before = people.read_bytes()

    def change(handler: Handler, forward: Callable[[], None]) -> None:
        people.write_bytes(before.replace(b"024", b"xxx"))
        os.utime(people, ns=(1, 1))
        forward()

    proxy.on("PUT", "/batches", change)
    failed = workshop.run(STREAMED.replace("    parts of 10 rows\n", ""))
    assert failed.code == 1
    assert "was aborted: nothing of it is loaded" in failed.out
    assert failed.event("run_finished")["jobs"][0]["left"] == []
    assert loaded(sandbox, tag) == []
    people.write_bytes(before)
    ran = resume(workshop, str(failed.event("run_finished")["run"]))
    assert ran.code == 0, ran.out
    assert loaded(sandbox, tag) == once(tag)


def test_a_run_that_is_given_up_leaves_nothing_open(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox, people: Path, tag: str
) -> None:
    refuse_to_close(proxy)
    failed = workshop.run(STAGED)
    assert failed.code == 1
    assert len(failed.event("run_finished")["jobs"][0]["left"]) == 3
    state = str(workshop.folder / "state")
    ran = workshop.command("abort", "--state-dir", state, "--json")
    assert ran.event("run_finished")["jobs"][0]["left"] == []
    assert loaded(sandbox, tag) == []
    rows = json.loads(workshop.command("runs", "--state-dir", state, "--json").out)
    assert [(row["finished"] is None, row["given_up"]) for row in rows] == [(False, True)]
    assert " aborted " in workshop.command("runs", "--state-dir", state).out
    again = resume(workshop, rows[0]["id"])
    assert again.code == 2
    assert "it was aborted" in again.err
    # Nothing of it was handed over.
    assert workshop.run(STAGED).code == 0
    rows = json.loads(workshop.command("runs", "--state-dir", state, "--json").out)
    assert [row["given_up"] for row in rows] == [False, True]


def test_a_job_that_was_given_up_and_taken_back_is_not_called_open(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox, people: Path, tag: str
) -> None:
    proxy.on("POST", "/jobs/ingest", lambda _, forward: forward())
    proxy.on("POST", "/jobs/ingest", answering(403, [{"errorCode": "X", "message": "no"}]))
    narrow = STREAMED.replace("    parts of", "    over 1 connections\n    parts of")
    failed = workshop.run(narrow)
    assert failed.code == 1
    assert len(loaded(sandbox, tag)) == 10
    state, run = str(workshop.folder / "state"), str(failed.event("run_finished")["run"])
    given_up = workshop.command("abort", run, "--state-dir", state, "--json")
    assert given_up.code == 0, given_up.out
    undone = workshop.command("undo", run, "--yes", "--state-dir", state, "--json")
    assert undone.code == 0, undone.out
    assert alive(sandbox, tag) == []
    (job,) = undone.event("run_finished")["jobs"]
    assert (job["phase"], job["undone"]) == ("finished", 10)
    rows = json.loads(workshop.command("runs", "--state-dir", state, "--json").out)
    assert [row["given_up"] for row in rows] == [True]


def test_an_orphan_that_cannot_be_told_is_named(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox, people: Path, tag: str
) -> None:
    proxy.on("POST", "/jobs/ingest", lose_answer, times=2)
    pipeline = STAGED.replace("    parts of 10 rows\n", "")
    ran = workshop.run(pipeline)
    assert ran.code == 0, ran.out + ran.err
    named = [each for each in ran.events if "this run may have created job" in str(each)]
    # Those of other tests may be among them.
    assert len(named) >= 2
    assert loaded(sandbox, tag) == once(tag)


def test_two_runs_at_once_are_refused(workshop: Workshop, proxy: Proxy, people: Path) -> None:
    inside: list[Ran] = []

    def second(handler: Handler, forward: Callable[[], None]) -> None:
        inside.append(workshop.run(STAGED))
        forward()

    proxy.on("POST", "/jobs/ingest", second)
    first = workshop.run(STAGED)
    assert first.code == 0, first.out + first.err
    assert inside[0].code == 2
    assert f"process {os.getpid()}" in inside[0].err


def test_a_stdin_source_is_kept_for_going_on(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox, tag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    data = ("LastName\n" + "".join(f"{name}\n" for name in once(tag))).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    refuse_to_close(proxy)
    assert workshop.run(STAGED.replace("people.csv", "-")).code == 1
    ran = resume(workshop)
    assert ran.code == 0, ran.out + ran.err
    assert loaded(sandbox, tag) == once(tag)


def test_loops_over_the_same_files_are_told_apart_when_a_run_is_gone_on_with(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox, tag: str
) -> None:
    names = once(tag)
    workshop.write("x-1.csv", "LastName\n" + "".join(f"{name}\n" for name in names[:12]))
    workshop.write("x-2.csv", "LastName\n" + "".join(f"{name}\n" for name in names[12:]))
    loop = (
        'for file in "x-*.csv"\n    job people\n        insert Contact\n        from "{file}"\n'
        "    load job people\n"
    )
    other = loop.replace('"{file}"\n', '"{file}"\n        parts of 5 rows\n')
    always = "always\n" + "".join(f"    {line}\n" for line in other.splitlines())
    proxy.on("POST", "/jobs/ingest", answering(403, [{"errorCode": "X", "message": "no"}]))
    failed = workshop.run(f"org env\n{loop}{always}")
    assert failed.code == 1
    assert loaded(sandbox, tag) == names
    ran = resume(workshop)
    assert ran.code == 0, ran.out + ran.err
    assert loaded(sandbox, tag) == sorted(names * 2)


def test_jobs_that_a_handler_aborted_before_they_were_closed_are_replaced(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox, people: Path, tag: str
) -> None:
    refuse_to_close(proxy)
    failed = workshop.run(STAGED.replace("close job people", "close job people on failure abort"))
    assert failed.code == 1
    ran = resume(workshop, str(failed.event("run_finished")["run"]))
    assert ran.code == 0, ran.out + ran.err
    assert loaded(sandbox, tag) == once(tag)


@pytest.mark.parametrize("command", ["retry", "undo"])
def test_nothing_is_sent_again_or_taken_back_of_a_job_that_is_not_finished(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox, people: Path, tag: str, command: str
) -> None:
    # Handed over, and waited for no longer.
    for _ in range(200):
        proxy.on("GET", JOB, in_progress)
    ran = workshop.run(STAGED.replace("wait for job people", "wait for job people up to 100ms"))
    assert ran.code == 1, ran.out
    run = str(ran.event("run_finished")["run"])
    proxy.rules.clear()
    for _ in range(200):
        proxy.on("GET", JOB, in_progress)
    created = proxy.count("POST", "/jobs/ingest")
    state = str(workshop.folder / "state")
    options = ["--yes"] if command == "undo" else ["--rows", "all"]
    ran = workshop.command(command, run, *options, "--state-dir", state, "--json")
    assert ran.code == 1
    assert f"bulkflow resume {run}" in ran.out
    assert proxy.count("POST", "/jobs/ingest") == created
    proxy.rules.clear()
    assert resume(workshop, run).code == 0
    assert loaded(sandbox, tag) == once(tag)


def test_rows_of_jobs_that_were_never_handed_over_are_sent_by_a_retry(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox, people: Path, tag: str
) -> None:
    refuse_to_close(proxy)
    run = str(workshop.run(STAGED).event("run_finished")["run"])
    proxy.rules.clear()
    state = str(workshop.folder / "state")
    ran = workshop.command("retry", run, "--state-dir", state, "--json")
    assert ran.code == 0, ran.out
    assert loaded(sandbox, tag) == once(tag)
    assert ran.event("run_finished")["jobs"][0]["loaded"] == 25
    assert ran.event("run_finished")["jobs"][0]["left"] == []


def test_rows_of_a_job_that_is_gone_are_not_sent_again(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox, people: Path, tag: str
) -> None:
    ran = workshop.run(STAGED.partition("save")[0] + "delete job people\n")
    assert ran.code == 0, ran.out
    created = proxy.count("POST", "/jobs/ingest")
    run, state = str(ran.event("run_finished")["run"]), str(workshop.folder / "state")
    again = workshop.command("retry", run, "--rows", "all", "--state-dir", state, "--json")
    # All of them are known to be loaded, and that is said without the job.
    assert again.code == 0
    assert "nothing is sent again: all 25 rows are loaded" in again.out
    assert proxy.count("POST", "/jobs/ingest") == created


def test_counts_of_a_failed_job_are_right_when_its_run_is_gone_on_with(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox, people: Path, tag: str
) -> None:
    sandbox.inject(FailJob(4))
    (workshop.folder / "made.csv").mkdir()
    failed = workshop.run(STREAMED.replace("people\nsave", "people on failure continue\nsave"))
    assert failed.code == 1
    (workshop.folder / "made.csv").rmdir()
    ran = resume(workshop)
    assert ran.code == 3, ran.out
    (job,) = ran.event("run_finished")["jobs"]
    assert (job["rows"], job["loaded"], job["unprocessed"]) == (
        25,
        len(loaded(sandbox, tag)),
        25 - len(loaded(sandbox, tag)),
    )
    assert 0 < job["loaded"] < 25


def test_what_each_turn_of_a_loop_made_is_taken_back(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox, tag: str
) -> None:
    names = once(tag)
    workshop.write("x-1.csv", "LastName\n" + "".join(f"{name}\n" for name in names[:12]))
    workshop.write("x-2.csv", "LastName\n" + "".join(f"{name}\n" for name in names[12:]))
    ran = workshop.run(
        'org env\nfor file in "x-*.csv"\n    job people\n        insert Contact\n'
        '        from "{file}"\n    load job people\n'
    )
    assert ran.code == 0, ran.out
    # A file that came later is none of the run's.
    workshop.write("x-3.csv", f"LastName\n{tag}new\n")
    run, state = str(ran.event("run_finished")["run"]), str(workshop.folder / "state")
    undone = workshop.command("undo", run, "--yes", "--state-dir", state, "--json")
    assert undone.code == 0, undone.out + undone.err
    assert alive(sandbox, tag) == []


def test_a_run_of_one_row_is_shown_as_that(workshop: Workshop, tag: str) -> None:
    workshop.write("people.csv", f"LastName\n{tag}1\n")
    run = str(workshop.run(STAGED).event("run_finished")["run"])
    shown = workshop.command("runs", run, "--state-dir", str(workshop.folder / "state"))
    assert ": 1 row in people" in shown.out.splitlines()[0]
    assert "from line 2, 1 row: job 750" in shown.out


def test_a_run_is_shown_with_its_steps_and_parts(
    workshop: Workshop, proxy: Proxy, people: Path
) -> None:
    refuse_to_close(proxy)
    run = str(workshop.run(STAGED).event("run_finished")["run"])
    shown = workshop.command("runs", run, "--state-dir", str(workshop.folder / "state"))
    assert shown.code == 0
    first, *lines = shown.out.splitlines()
    assert "unfinished" in first
    assert "25 rows in people" in first
    assert lines[:3] == ["  finished  upload", "  halted    close job people", "  job people"]
    assert "part 1: people.csv from line 2, 10 rows: job 750" in lines[3]
    assert "last seen Open" in lines[3]
    assert len(lines) == 6


def test_an_orphan_is_looked_for_among_the_users_own_jobs(tmp_path: Path) -> None:
    with local_org(faults=["createx2=cut-after", "close=403"]) as org:
        workshop = Workshop(tmp_path, dict(org.environment))
        workshop.write("people.csv", "LastName\na\n")
        org.sandbox.sessions.admit("another", "005000000000999AAA")
        spec = {"object": "Contact", "operation": "insert", "contentType": "CSV"}
        pipeline = (
            'org env\njob people\n    insert Contact\n    from "people.csv"\n'
            "create then upload then close job people\n"
        )
        assert workshop.run(pipeline).code == 1
        request = urllib.request.Request(
            f"{org.url}/services/data/v66.0/jobs/ingest",
            json.dumps(spec).encode(),
            {"Authorization": "Bearer another", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            others = json.load(answer)["id"]
        ran = resume(workshop)
        assert ran.code == 0, ran.out
        named = [str(each["message"]) for each in ran.events if each["event"] == "notice"]
        assert sum("this run may have created job" in each for each in named) == 2
        assert not any(others in each for each in named)
