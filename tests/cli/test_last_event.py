"""With `--json` a command ends in one `run_finished`, whatever becomes of it."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bulkflow.cli import additions
from bulkflow.cli import run as run_command
from bulkflow.errors import BulkflowError
from bulkflow.journal import RunJournal, locked
from bulkflow.plugin.catalogue import PluginConflictError
from bulkflow_sandbox.testing import LocalOrg, local_org
from support.workshop import Ran, Workshop

LOAD = 'org env\njob a\n    insert Account\n    from "a.csv"\n'
KEYS = ["event", "run", "exit_code", "at", "seconds", "jobs", "errors", "help"]
LAUNCH = "import sys; from bulkflow.cli import main; sys.exit(main())"
FULL = Path("/dev/full")

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files and signals")


@pytest.fixture(scope="module")
def org() -> Iterator[LocalOrg]:
    with local_org() as org:
        yield org


@pytest.fixture
def bench(tmp_path: Path, org: LocalOrg) -> Workshop:
    made = Workshop(tmp_path, dict(org.environment))
    made.write("a.csv", f"Name\n{tmp_path.name}\n")
    return made


def last(ran: Ran) -> dict:
    """The last event, which is the only one of its kind and says what the process ends with."""
    lines = ran.out.splitlines()
    assert ran.out.endswith("\n")
    assert ran.out.isascii()
    events = [json.loads(line) for line in lines]
    assert [each["event"] for each in events].count("run_finished") == 1
    finished = events[-1]
    assert finished["event"] == "run_finished"
    assert list(finished) == KEYS
    assert finished["exit_code"] == ran.code
    for error in finished["errors"]:
        assert error["message"]
        assert list(error)[:5] == ["type", "message", "help", "notes", "exit_code"]
    return finished


def began(bench: Workshop) -> str:
    """A run that failed with a job left in the org, so that it is not over; its id."""
    ran = bench.run(LOAD + 'upload job a\nfail "here"\n')
    finished = last(ran)
    assert ran.code == 1
    assert finished["jobs"][0]["left"]
    return finished["run"]


Way = Callable[[Workshop], Ran]


def on(*words: str) -> Way:
    return lambda bench: bench.command(*words, "--json", "--state-dir", str(bench.folder / "state"))


def written(text: str | bytes, *words: str) -> Way:
    def run(bench: Workshop) -> Ran:
        file = bench.write("test.bulkflow", text)
        return on("run", str(file), *words)(bench)

    return run


def not_over(bench: Workshop) -> Ran:
    began(bench)
    return bench.run(LOAD + "load job a\n")


def lock_held(bench: Workshop) -> Ran:
    with locked(bench.folder / "state", str((bench.folder / "test.bulkflow").resolve())):
        return bench.run(LOAD + "load job a\n")


def resumed_after_its_end(bench: Workshop) -> Ran:
    run = last(bench.run(LOAD + "load job a\n"))["run"]
    return on("resume", run)(bench)


WAYS: dict[str, tuple[Way, str]] = {
    "a missing file": (on("run", "none.bulkflow"), "UsageError"),
    "a folder as the file": (on("run", "."), "UsageError"),
    "rows as the file": (lambda bench: on("run", str(bench.folder / "a.csv"))(bench), "UsageError"),
    "a file in another encoding": (written("é".encode("latin-1")), "UsageError"),
    "a file with mistakes": (written(LOAD + "lod job a\nwait fr job a\n"), "PipelineError"),
    "a missing parameter": (written(LOAD + "param x\nload job a\n"), "PipelineError"),
    "an unknown profile": (
        written(LOAD.replace("env", "nobody") + "load job a\n"),
        "PipelineError",
    ),
    "--set without a value": (written(LOAD + "load job a\n", "--set", "x"), "UsageError"),
    "--set of nothing": (written(LOAD + "load job a\n", "--set", "x=1"), "PipelineError"),
    "--org without a name": (written(LOAD + "load job a\n", "--org", "x="), "UsageError"),
    "--rows of another kind": (on("retry", "run", "--rows", "odd"), "UsageError"),
    "an option that is not known": (on("run", "x.bulkflow", "--odd"), "UsageError"),
    "no file": (on("run"), "UsageError"),
    "two files": (on("run", "a.bulkflow", "b.bulkflow"), "UsageError"),
    "missing data": (written(LOAD.replace("a.csv", "none.csv") + "load job a\n"), "DataError"),
    "the last run not over": (not_over, "UnfinishedError"),
    "the lock held": (lock_held, "StateLockedError"),
    "no such run to resume": (on("resume", "none"), "UsageError"),
    "no such run to abort": (on("abort", "none"), "UsageError"),
    "no such run to retry": (on("retry", "none"), "UsageError"),
    "no such run to undo": (on("undo", "none"), "UsageError"),
    "no such run to undo unasked": (on("undo", "none", "--yes"), "UsageError"),
    "no run at all to resume": (on("resume"), "UsageError"),
    "no run at all to abort": (on("abort"), "UsageError"),
    "a run that is over": (resumed_after_its_end, "UsageError"),
}


@pytest.mark.parametrize("name", WAYS)
def test_where_nothing_began_the_last_event_says_why(bench: Workshop, name: str) -> None:
    way, kind = WAYS[name]
    ran = way(bench)
    assert ran.code == 2
    finished = last(ran)
    assert finished["errors"][0]["type"] == kind
    if finished["run"] is None:
        assert finished["jobs"] == []
        # People who look at the log find it there, too.
        shown = finished["errors"][0].get("diagnostics", finished["errors"])
        assert all(each["message"] in " ".join(ran.err.split()) for each in shown)


def test_where_nobody_answers_the_last_event_says_so(
    bench: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = last(bench.run(LOAD + "load job a\n"))["run"]
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    ran = on("undo", run)(bench)
    assert ran.code == 2
    assert "nobody answered" in last(ran)["errors"][0]["message"]


def test_mistakes_of_the_file_have_the_form_that_check_gives_them(bench: Workshop) -> None:
    file = bench.write("test.bulkflow", LOAD + "lod job a\nwait fr job a\n")
    ran = on("run", str(file))(bench)
    (error,) = last(ran)["errors"]
    assert len(error["diagnostics"]) == 2
    assert error["diagnostics"] == json.loads(
        bench.command("check", str(file), "--format", "json").out
    )


def test_a_run_that_came_to_its_end_has_one_too(bench: Workshop) -> None:
    finished = last(bench.run(LOAD + "load job a\n"))
    assert finished["run"]
    assert finished["errors"] == []


@pytest.mark.parametrize("verb", ["resume", "abort", "retry"])
def test_what_is_done_with_a_run_ends_in_its_id(bench: Workshop, verb: str) -> None:
    run = began(bench)
    assert last(on(verb, run)(bench))["run"] == run


def test_two_plugins_that_clash_are_named_in_it(
    bench: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def clash(_: object) -> None:
        raise PluginConflictError("one and another", help="block one of them")

    monkeypatch.setattr(additions, "_host", clash)
    (error,) = last(bench.run(LOAD))["errors"]
    assert (error["message"], error["help"]) == ("one and another", "block one of them")


def test_a_grace_that_is_not_a_number_is_named_in_it(bench: Workshop) -> None:
    bench.environ["BULKFLOW_GRACE"] = "soon"
    assert "BULKFLOW_GRACE" in last(bench.run(LOAD))["errors"][0]["message"]


def test_a_mistake_of_ours_is_named_in_it(bench: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_command.app, "check", lambda *_: 1 / 0)
    ran = bench.run(LOAD)
    assert ran.code == 1
    assert "ZeroDivisionError" in last(ran)["errors"][0]["message"]


def test_what_fails_after_the_run_is_in_it(
    bench: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise BulkflowError("no room for the journal")

    monkeypatch.setattr(RunJournal, "finish", fail)
    ran = bench.run(LOAD + "load job a\n")
    assert ran.code == 1
    finished = last(ran)
    assert finished["run"]
    assert finished["jobs"][0]["loaded"] == 1
    assert [each["message"] for each in finished["errors"]] == ["no room for the journal"]


def started(bench: Workshop, *words: str, **streams: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", LAUNCH, *words, "--json", "--state-dir", "state"],
        cwd=bench.folder,
        env={**os.environ, **bench.environ},
        text=True,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams},
    )


@posix
@pytest.mark.parametrize("number", [1, 2, 15])
def test_one_that_is_interrupted_before_it_began_has_no_run(bench: Workshop, number: int) -> None:
    os.mkfifo(bench.folder / "test.bulkflow")
    with (
        started(bench, "run", "test.bulkflow") as process,
        # The reader has opened it when this returns, so the command is at work.
        (bench.folder / "test.bulkflow").open("wb"),
    ):
        for _ in range(3):
            process.send_signal(number)
        out, err = process.communicate()
    finished = last(Ran(process.returncode, out, err))
    assert (finished["exit_code"], finished["run"], finished["errors"]) == (130, None, [])


@posix
def test_one_that_is_stopped_at_once_names_what_is_left(bench: Workshop) -> None:
    bench.write("test.bulkflow", LOAD + "upload job a\npause 10m\nalways\n    pause 10m\n")
    now = LAUNCH.replace("main; ", "interruption, main; interruption.AS_ONE = 0; ")
    with subprocess.Popen(
        [sys.executable, "-c", now, "run", "test.bulkflow", "--json", "--state-dir", "state"],
        cwd=bench.folder,
        env={**os.environ, **bench.environ},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        out = ""
        sent = 0
        for line in process.stdout:
            out += line
            event = json.loads(line)
            if event["event"] == "step_started" and event["step"].startswith("pause"):
                process.send_signal(signal.SIGTERM)
                sent += 1
    assert sent == 2
    assert process.wait() == 130
    finished = last(Ran(process.returncode, out, ""))
    assert finished["run"]
    assert len(finished["jobs"][0]["left"]) == 1
    assert f"bulkflow resume {finished['run']}" in finished["help"]


@posix
def test_a_reader_that_went_away_changes_nothing(bench: Workshop) -> None:
    bench.write("test.bulkflow", LOAD + "load job a\n")
    read, write = os.pipe()
    os.close(read)
    with started(bench, "run", "test.bulkflow", stdout=write) as process:
        os.close(write)
        _, err = process.communicate()
    assert (process.returncode, err) == (0, "")


@posix
@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize(
    ("pipeline", "code"), [(LOAD + "load job a\n", 1), (LOAD + 'fail "x"\n', 1), ("lod", 2)]
)
def test_output_that_has_no_room_is_said_to_be_lost(
    bench: Workshop, pipeline: str, code: int
) -> None:
    bench.write("test.bulkflow", pipeline)
    with FULL.open("w") as full, started(bench, "run", "test.bulkflow", stdout=full) as process:
        _, err = process.communicate()
    assert process.returncode == code
    assert "no room is left on the disk" in err
    assert "Traceback" not in err
    assert "Exception ignored" not in err


@posix
@pytest.mark.parametrize("closed", ["1", "2"])
def test_a_stream_that_is_closed_changes_nothing(bench: Workshop, closed: str) -> None:
    bench.write("test.bulkflow", LOAD + "load job a\n")
    shell = f'exec "$0" -c "$1" run test.bulkflow --json --state-dir state {closed}>&-'
    done = subprocess.run(
        ["sh", "-c", shell, sys.executable, LAUNCH],
        cwd=bench.folder,
        env={**os.environ, **bench.environ},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    if closed == "2":
        assert last(Ran(0, done.stdout, ""))["run"]


def test_the_docs_say_what_it_is_where_nothing_began() -> None:
    text = (Path(__file__).parents[2] / "docs" / "events.md").read_text("utf-8")
    section = re.search(r"^### `run_finished`$(.*?)^#", text, re.MULTILINE | re.DOTALL)
    assert section
    assert "`null` where no run began" in section[1]
    assert "always the last line" in " ".join(section[1].split())
