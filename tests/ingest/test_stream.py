"""Rows that are sent while they are read: nothing is handed over before the last one was read."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bulkflow_ingest.execution.part_upload import MAX_REFUSALS
from bulkflow_sandbox import Sandbox
from support.proxy import Handler, Proxy, answering, lose_answer
from support.workshop import Ran, Workshop

JOB = "/jobs/ingest/[^/]+"
DATA = JOB + "/batches"
FILE = (
    'org env\njob people\n    insert Contact\n    from "{source}"\n    parts of 10 rows\n'
    "    over 2 connections\n    streamed\n"
)
LARGE = FILE.replace("10 rows", "300kB")
"""For files of more than one block: what is behind the first is not known before it is sent."""

LOAD = "load job people\n"
STAGED = "upload then close job people\nwait for job people every 20ms\n"

posix = pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")


@pytest.fixture
def tag(request: pytest.FixtureRequest) -> str:
    return hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:8]


@pytest.fixture
def names(tag: str) -> list[str]:
    return [f"{tag}{number:03}" for number in range(45)]


def text(names: list[str]) -> str:
    return "LastName\n" + "".join(f"{name}\n" for name in names)


def large(tag: str) -> str:
    return text([f"{tag}{number:040}" for number in range(40_000)])


def loaded(sandbox: Sandbox, tag: str) -> list[str]:
    with sandbox.database.reading() as connection:
        rows = connection.execute(
            'SELECT "LastName" FROM "Contact" WHERE "LastName" LIKE ? ORDER BY "LastName"',
            (f"{tag}%",),
        )
        return [name for (name,) in rows]


def given(monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))


def kept(workshop: Workshop) -> list[Path]:
    return [path for path in (workshop.folder / "state").rglob("window-*") if path.is_file()]


def again(workshop: Workshop, command: str, *arguments: str) -> Ran:
    state = str(workshop.folder / "state")
    return workshop.command(command, *arguments, "--state-dir", state, "--json")


@pytest.mark.parametrize("steps", [LOAD, STAGED], ids=["load", "staged"])
def test_every_row_of_a_file_is_loaded(
    workshop: Workshop, sandbox: Sandbox, tag: str, names: list[str], steps: str
) -> None:
    workshop.write("people.csv", text(names))
    ran = workshop.run(
        FILE.format(source="people.csv") + steps + 'save successful rows of job people to "out.csv"'
    )
    assert ran.code == 0, ran.err
    assert loaded(sandbox, tag) == names
    # The file stays, so every row is told with its line.
    with (workshop.folder / "out.csv").open(encoding="utf-8", newline="") as file:
        assert [int(row["_line"]) for row in csv.DictReader(file)] == list(range(2, 47))


RENAMED = FILE + "    rename Surname to LastName\n"


@pytest.mark.parametrize("source", ["people.csv", "-"])
def test_columns_are_renamed_while_rows_are_sent(
    workshop: Workshop,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    tag: str,
    names: list[str],
    source: str,
) -> None:
    content = text(names).replace("LastName", "Surname")
    workshop.write("people.csv", content)
    given(monkeypatch, content)
    ran = workshop.run(
        RENAMED.format(source=source) + LOAD + 'save successful rows of job people to "out.csv"'
    )
    assert ran.code == 0, ran.out + ran.err
    assert loaded(sandbox, tag) == names
    assert ran.event("job_prepared")["columns"] == ["LastName"]
    with (workshop.folder / "out.csv").open(encoding="utf-8", newline="") as file:
        saved = list(csv.DictReader(file))
    # Rows of the file as they stand in it; of a stream those that Salesforce tells.
    told = "LastName" if source == "-" else "Surname"
    assert sorted(row[told] for row in saved) == names


def test_renamed_rows_are_gone_on_with_while_they_are_sent(
    workshop: Workshop, sandbox: Sandbox, proxy: Proxy, tag: str, names: list[str]
) -> None:
    workshop.write("people.csv", text(names).replace("LastName", "Surname"))
    proxy.on("PUT", DATA, lambda handler, forward: forward())
    refusal = answering(400, [{"errorCode": "X", "message": "no"}])
    # Two parts are sent side by side, and each may meet the first refusal.
    proxy.on("PUT", DATA, refusal, times=2 * MAX_REFUSALS)
    assert workshop.run(RENAMED.format(source="people.csv") + LOAD).code == 1
    proxy.rules.clear()
    ran = again(workshop, "resume")
    assert ran.code == 0, ran.out + ran.err
    assert loaded(sandbox, tag) == names


@pytest.mark.parametrize("source", ["people.csv", "-"])
def test_a_column_to_rename_that_is_not_there_is_told_before_anything_is_sent(
    workshop: Workshop, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, names: list[str], source: str
) -> None:
    workshop.write("people.csv", text(names))
    given(monkeypatch, text(names))
    ran = workshop.run(RENAMED.format(source=source) + LOAD)
    assert ran.code == 2
    assert "Surname" in ran.err + ran.out
    assert proxy.seen == []
    assert kept(workshop) == []


@pytest.mark.parametrize("steps", [LOAD, STAGED], ids=["load", "staged"])
def test_a_fault_in_the_last_row_leaves_nothing_processed(
    workshop: Workshop, sandbox: Sandbox, proxy: Proxy, tag: str, names: list[str], steps: str
) -> None:
    workshop.write("people.csv", large(tag) + f"{tag}x,y\n")
    ran = workshop.run(LARGE.format(source="people.csv") + steps)
    assert ran.code == 1
    assert "people.csv:line 40002 (record 40001)" in ran.out
    assert proxy.count("PUT", DATA) >= 2
    assert proxy.count("PATCH", JOB) == 0
    assert loaded(sandbox, tag) == []


def test_a_step_that_is_tried_again_does_not_take_a_fault_for_the_end(
    workshop: Workshop, sandbox: Sandbox, proxy: Proxy, tag: str, names: list[str]
) -> None:
    workshop.write("people.csv", large(tag) + f"{tag}x,y\n")
    ran = workshop.run(
        LARGE.format(source="people.csv") + "load job people on failure retry 2 times every 1ms\n"
    )
    assert ran.code == 1
    assert proxy.count("PATCH", JOB) == 0
    assert loaded(sandbox, tag) == []


def test_closing_needs_all_rows(
    workshop: Workshop, sandbox: Sandbox, tag: str, names: list[str]
) -> None:
    workshop.write("people.csv", text(names))
    ran = workshop.run(FILE.format(source="people.csv") + "create then close job people\n")
    assert ran.code == 1
    assert "not all of its rows were read and uploaded" in ran.out
    assert loaded(sandbox, tag) == []


def test_files_with_other_columns_are_refused_before_anything_is_handed_over(
    workshop: Workshop, sandbox: Sandbox, tag: str, names: list[str]
) -> None:
    workshop.write("in/1.csv", text(names))
    workshop.write("in/2.csv", f"FirstName\n{tag}\n")
    ran = workshop.run(FILE.format(source="in/*.csv") + LOAD)
    assert ran.code == 1
    assert "its columns are not those of in/1.csv" in ran.out
    assert loaded(sandbox, tag) == []


def test_what_is_read_once_is_not_kept(
    workshop: Workshop,
    sandbox: Sandbox,
    tag: str,
    names: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given(monkeypatch, text([*names, "", tag * 20]).replace("\n\n", '\n""\n'))
    ran = workshop.run(
        FILE.format(source="-") + LOAD + 'save failed rows of job people to "failed.csv"\n'
    )
    assert ran.code == 3, ran.out
    assert loaded(sandbox, tag) == names
    assert kept(workshop) == []
    with (workshop.folder / "failed.csv").open(encoding="utf-8", newline="") as file:
        assert {row["LastName"] for row in csv.DictReader(file)} == {"", tag * 20}


def test_rows_that_are_not_kept_cannot_be_sent_again(
    workshop: Workshop, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given(monkeypatch, text(names))
    ran = workshop.run(FILE.format(source="-") + LOAD + "retry failed rows of job people\n")
    assert ran.code == 1
    assert "they were streamed and not kept" in ran.out


def test_results_that_are_gone_are_not_left_out_in_silence(
    workshop: Workshop,
    proxy: Proxy,
    names: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given(monkeypatch, text(names))
    gone = answering(404, [{"errorCode": "NOT_FOUND", "message": "no such job"}])
    proxy.on("GET", JOB, gone)
    ran = workshop.run(
        FILE.format(source="-")
        + LOAD
        + '    on failure save successful rows of job people to "out.csv"\n'
    )
    assert ran.code == 1
    assert "are unknown: 1 of its jobs are gone from the org" in ran.out
    assert not (workshop.folder / "out.csv").exists()


def test_gzip_is_sent_while_it_is_read(
    workshop: Workshop, sandbox: Sandbox, tag: str, names: list[str]
) -> None:
    workshop.write("people.csv.gz", gzip.compress(text(names).encode()))
    ran = workshop.run(FILE.format(source="people.csv.gz") + LOAD)
    assert ran.code == 0, ran.out
    assert loaded(sandbox, tag) == names
    assert kept(workshop) == []


def test_a_stream_that_fails_leaves_no_window(
    workshop: Workshop, proxy: Proxy, tag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(monkeypatch, large(tag))
    held: list[Path] = []

    def refuse(handler: Handler, forward: Callable[[], None]) -> None:
        held.extend(kept(workshop))
        answering(400, [{"errorCode": "X", "message": "no"}])(handler, forward)

    proxy.on("PUT", DATA, refuse, times=None)
    assert workshop.run(LARGE.format(source="-") + LOAD).code == 1
    assert held
    assert kept(workshop) == []


def test_a_handler_may_still_send_from_the_window_of_a_step_that_failed(
    workshop: Workshop,
    sandbox: Sandbox,
    proxy: Proxy,
    tag: str,
    names: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given(monkeypatch, text(names))
    refusal = answering(400, [{"errorCode": "X", "message": "no"}])
    proxy.on("PUT", DATA, refusal, times=MAX_REFUSALS)
    again = LOAD.replace("\n", " on failure retry 2 times every 1ms\n")
    ran = workshop.run(FILE.format(source="-") + again)
    assert ran.code == 0, ran.out
    assert loaded(sandbox, tag) == names
    assert kept(workshop) == []


@posix
@pytest.mark.parametrize("command", ["resume", "abort"])
def test_windows_that_a_killed_run_left_go_with_the_next_attempt(
    workshop: Workshop, proxy: Proxy, names: list[str], command: str
) -> None:
    killed(workshop, proxy, "-", text(names), ("PUT", 4))
    assert kept(workshop)
    again(workshop, command)
    assert kept(workshop) == []


def test_a_lost_answer_to_an_upload_is_settled_while_its_rows_are_there(
    workshop: Workshop,
    sandbox: Sandbox,
    proxy: Proxy,
    tag: str,
    names: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given(monkeypatch, text(names))
    proxy.on("PUT", DATA, lose_answer)
    ran = workshop.run(FILE.format(source="-") + LOAD)
    assert ran.code == 0, ran.out
    assert loaded(sandbox, tag) == names


def killed(
    workshop: Workshop, proxy: Proxy, source: str, content: str, at: tuple[str, int]
) -> None:
    """Run in a process of its own, and kill it at the n-th request of a kind."""
    file = workshop.write("test.bulkflow", FILE.format(source=source) + LOAD)
    state = workshop.folder / "state"
    method, number = at
    seen = 0
    process: list[subprocess.Popen[bytes]] = []

    def kill(handler: Handler, forward: Callable[[], None]) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            process[0].kill()
            handler.cut()
        else:
            forward()

    for _ in range(number):
        proxy.on(method, DATA if method == "PUT" else JOB, kill)
    with proxy.held():
        process.append(
            subprocess.Popen(
                [sys.executable, "-m", "bulkflow", "run", str(file), "--state-dir", str(state)],
                env={**os.environ, **workshop.environ},
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
    stdin = process[0].stdin
    assert stdin is not None
    with stdin:
        stdin.write(content.encode())
    assert process[0].wait() == -signal.SIGKILL


@posix
@pytest.mark.parametrize("at", [("PUT", 1), ("PUT", 4), ("PATCH", 1), ("PATCH", 3)])
def test_a_file_is_gone_on_with(
    workshop: Workshop,
    sandbox: Sandbox,
    proxy: Proxy,
    tag: str,
    names: list[str],
    at: tuple[str, int],
) -> None:
    workshop.write("people.csv", text(names))
    killed(workshop, proxy, "people.csv", "", at)
    ran = again(workshop, "resume")
    assert ran.code == 0, ran.out
    assert loaded(sandbox, tag) == names


@posix
def test_a_file_that_is_gone_can_be_given_up(
    workshop: Workshop, sandbox: Sandbox, proxy: Proxy, tag: str, names: list[str]
) -> None:
    file = workshop.write("people.csv", text(names))
    killed(workshop, proxy, "people.csv", "", ("PUT", 4))
    file.unlink()
    ran = again(workshop, "resume")
    assert ran.code == 1
    assert "does not exist" in ran.out
    ran = again(workshop, "abort")
    assert ran.code == 0, ran.out
    assert loaded(sandbox, tag) == []


@posix
def test_a_file_that_changed_is_not_gone_on_with(
    workshop: Workshop, sandbox: Sandbox, proxy: Proxy, tag: str, names: list[str]
) -> None:
    workshop.write("people.csv", text(names))
    killed(workshop, proxy, "people.csv", "", ("PUT", 4))
    workshop.write("people.csv", text([f"{name}x" for name in names]))
    ran = again(workshop, "resume")
    assert ran.code == 1
    assert "the file has changed since the run began" in ran.out
    assert loaded(sandbox, tag) == []


@posix
@pytest.mark.parametrize("number", [1, 3])
def test_a_stream_that_was_up_is_gone_on_with(
    workshop: Workshop, sandbox: Sandbox, proxy: Proxy, tag: str, names: list[str], number: int
) -> None:
    killed(workshop, proxy, "-", text(names), ("PATCH", number))
    ran = again(workshop, "resume")
    assert ran.code == 0, ran.out
    assert loaded(sandbox, tag) == names


@posix
def test_a_stream_that_was_not_up_is_begun_anew(
    workshop: Workshop,
    sandbox: Sandbox,
    proxy: Proxy,
    tag: str,
    names: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    killed(workshop, proxy, "-", text(names), ("PUT", 4))
    given(monkeypatch, "")
    ran = again(workshop, "resume")
    assert ran.code == 1
    assert "nothing of it was processed" in ran.out
    assert loaded(sandbox, tag) == []
    ran = again(workshop, "abort")
    assert ran.code == 0, ran.out + ran.err
    given(monkeypatch, text(names))
    ran = workshop.run(FILE.format(source="-") + LOAD)
    assert ran.code == 0, ran.out
    assert loaded(sandbox, tag) == names


def test_a_plan_says_that_more_is_to_come(workshop: Workshop, names: list[str]) -> None:
    workshop.write("people.csv", text(names))
    file = workshop.write("test.bulkflow", FILE.format(source="people.csv") + LOAD)
    ran = workshop.command("plan", str(file))
    assert ran.code == 0
    assert "10 rows, 129 bytes, 1 part; the rest is read while sending" in ran.out


def test_rows_that_a_failed_run_loaded_are_not_loaded_again_behind_new_ones(
    workshop: Workshop, sandbox: Sandbox, tag: str, names: list[str]
) -> None:
    steps = LOAD + "require successful rows of job people under 1\n"
    workshop.write("people.csv", text(names))
    assert workshop.run(FILE.format(source="people.csv") + steps).code == 1
    workshop.write("people.csv", text([f"{tag}new", *names[1:]]))
    ran = workshop.run(FILE.format(source="people.csv") + steps)
    assert ran.code != 0
    assert "were handed over before, by run" in ran.out
    assert loaded(sandbox, tag) == names
