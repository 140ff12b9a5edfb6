"""Ctrl-C and SIGTERM at every point of a run, against a sandbox whose answers a test holds back."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from attrs import Factory, define, frozen

from bulkflow_sandbox import Sandbox, SandboxServer
from bulkflow_sandbox.jobs.processing_speed import Allowance, Immediately, JobSnapshot
from support.proxy import Handler, Proxy, answering, proxied

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows sends no signals to another process"
)

LIMIT = 30.0
"""Seconds after which a test gives up; none is waited for where all is well."""

GRACE = 3.0
"""Seconds that a test waits out; enough for a slow machine to begin with what lasts longer."""

JOBS = "/jobs/ingest"
JOB = "/jobs/ingest/[^/]+"
HEADER = 'org env\njob people\n    insert Contact\n    from "people.csv"\n'
STAGED = HEADER + "upload then close job people\nwait for job people\n"
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP] if sys.platform != "win32" else []
ASKED = "interrupted: finishing"

# A shell may have started the tests in the background, where SIGINT is ignored. No test waits for
# the second within which signals are one.
WITHIN_A_SECOND = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from bulkflow.cli import signals, main; sys.exit(main())"
)
LAUNCH = WITHIN_A_SECOND.replace("sys.exit", "signals.AS_ONE = 0; sys.exit")


# The main thread hears of no signal here, as where it begins to wait just when a signal comes.
DEAF = """
import os, signal, threading, time
from bulkflow.cli import signals as module
from bulkflow.cli.signals import Interruption
from bulkflow.engine.cancellation import Cancellation

class Services:
    cancellation, jobs = Cancellation(), []

    def emit(self, event):
        # In one write: lines that two threads print may be mixed.
        os.write(1, b"asked\\n")

module.AS_ONE = 0
interruption = Interruption(30.0)
with interruption.handle_signals():
    interruption.watch(Services())
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGTERM])
    os.write(1, b"ready\\n")
    threading.Event().wait(30)
"""


@define(eq=False)
class Gate:
    """A fault that holds a request back until the test lets it go."""

    arrived: threading.Event = Factory(threading.Event)
    opened: threading.Event = Factory(threading.Event)

    def __call__(self, handler: Handler, forward: Callable[[], None]) -> None:
        # All of it: an upload on its way out may be given up, one that awaits its answer not.
        handler.body()
        self.arrived.set()
        self.opened.wait(LIMIT)
        # The program may be gone by now; that is what some of the tests are about.
        with suppress(ConnectionError):
            forward()

    def reached(self) -> None:
        assert self.arrived.wait(LIMIT), "the request never came"


@define(eq=False)
class Run:
    """`bulkflow run` as a process of its own."""

    process: subprocess.Popen[str]
    said: str = ""

    def hears(self, signal_number: int) -> None:
        """Send a signal, and wait until the program says that it has it."""
        self.process.send_signal(signal_number)
        self.says(ASKED)

    def says(self, text: str) -> None:
        """Read what it says until a text comes."""
        assert self.process.stderr is not None
        with self.limited():
            while text not in self.said:
                line = self.process.stderr.readline()
                assert line, f"it ended without saying {text!r}:\n{self.said}"
                self.said += line

    @contextmanager
    def limited(self) -> Iterator[None]:
        """Kill it when the block takes too long, so that reading from it ends."""
        too_late = threading.Timer(LIMIT, self.process.kill)
        too_late.start()
        try:
            yield
        finally:
            too_late.cancel()
            too_late.join()

    def ends(self) -> int:
        """Read the rest of what it says; its exit code."""
        assert self.process.stderr is not None
        with self.limited():
            # Not `communicate`: it passes by what `readline` has taken in beyond its line.
            self.said += self.process.stderr.read()
            code = self.process.wait()
        assert "Traceback" not in self.said, self.said
        return code


@define(eq=False)
class Bench:
    folder: Path
    proxy: Proxy
    sandbox: Sandbox
    environ: dict[str, str]
    runs: list[Run] = Factory(list)
    gates: list[Gate] = Factory(list)

    def rows(self, name: str = "people.csv", number: int = 3, width: int = 1) -> None:
        lines = "".join(f"{self.folder.name}-{index}{'x' * width}\n" for index in range(number))
        (self.folder / name).write_text("LastName\n" + lines, encoding="utf-8")

    def hold(self, method: str, path: str, gate: Gate | None = None) -> Gate:
        held = gate or Gate()
        self.gates.append(held)
        self.proxy.on(method, path, held)
        return held

    def start(self, pipeline: str, *, grace: str = "20", launch: str = LAUNCH) -> Run:
        (self.folder / "test.bulkflow").write_text(pipeline, encoding="utf-8")
        return self.launch("test.bulkflow", grace=grace, launch=launch)

    def launch(
        self, file: str, *, grace: str = "20", launch: str = LAUNCH, more: tuple[str, ...] = ()
    ) -> Run:
        return self.command("run", file, *more, grace=grace, launch=launch)

    def command(self, *words: str, grace: str = "20", launch: str = LAUNCH) -> Run:
        process = subprocess.Popen(
            [sys.executable, "-c", launch, *words, "--state-dir", "state"],
            cwd=self.folder,
            env={**os.environ, **self.environ, "BULKFLOW_GRACE": grace},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.runs.append(Run(process))
        return self.runs[-1]

    @property
    def intents(self) -> list[tuple[str, str | None]]:
        """Every change that the journal says was intended, with its outcome."""
        connection = sqlite3.connect(self.folder / "state" / "journal.sqlite")
        try:
            query = "SELECT action, outcome FROM intent ORDER BY number"
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    @property
    def jobs(self) -> dict[str, str]:
        """The state of each job of this test in the org, by its id."""
        ids = {path.split("/")[-1] for _, path in self.proxy.seen if "/jobs/ingest/750" in path}
        ids |= {path.split("/")[-2] for _, path in self.proxy.seen if path.endswith("/batches")}
        ids = {job for job in ids if len(job) == 18 and job.startswith("750")}
        return {job: self.sandbox.ingest.get(job).state.value for job in ids}

    @property
    def loaded(self) -> int:
        with self.sandbox.database.reading() as connection:
            (count,) = connection.execute(
                'SELECT count(*) FROM "Contact" WHERE "LastName" LIKE ?', (f"{self.folder.name}-%",)
            ).fetchone()
        assert isinstance(count, int)
        return count


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer() as running:
        yield running


@pytest.fixture
def bench(tmp_path_factory: pytest.TempPathFactory, server: SandboxServer) -> Iterator[Bench]:
    with proxied(server.url) as proxy:
        folder = tmp_path_factory.mktemp("interrupted")
        environ = {
            "SF_ACCESS_TOKEN": server.token,
            "SF_ORG_INSTANCE_URL": proxy.url,
            "BULKFLOW_PATIENCE": "3s",
        }
        made = Bench(folder, proxy, server.api, environ)
        made.rows()
        try:
            yield made
        finally:
            for gate in made.gates:
                gate.opened.set()
            for run in made.runs:
                if run.process.poll() is None:
                    run.process.kill()
                run.process.communicate()


def refused(handler: Handler, forward: Callable[[], None]) -> None:
    answering(400, [{"errorCode": "API_ERROR", "message": "not like this"}])(handler, forward)


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize(
    ("method", "path", "left", "intents"),
    [
        ("POST", JOBS, "Open", [("create", "done")]),
        (
            "PATCH",
            JOB,
            "UploadComplete",
            [("create", "done"), ("upload", "done"), ("close", "done")],
        ),
    ],
    ids=["creating", "closing"],
)
def test_a_request_under_way_ends_and_what_is_left_is_named(
    bench: Bench,
    number: int,
    method: str,
    path: str,
    left: str,
    intents: list[tuple[str, str]],
) -> None:
    gate = bench.hold(method, path)
    run = bench.start(STAGED)
    gate.reached()
    run.hears(number)
    gate.opened.set()
    assert run.ends() == 130
    assert bench.intents == intents
    (job,) = bench.jobs or [run.said.partition("jobs in the org: ")[2].partition(" ")[0]]
    assert f"unfinished jobs in the org: {job} ({left})" in run.said


def test_an_upload_ends_between_two_blocks_and_the_org_has_no_rows(bench: Bench) -> None:
    bench.rows(number=600, width=30_000)
    gate = Gate()

    def half(handler: Handler, forward: Callable[[], None]) -> None:
        gate.arrived.set()
        gate.opened.wait(LIMIT)
        while handler.rfile.read1(1 << 20):
            pass
        handler.cut()

    bench.gates.append(gate)
    bench.proxy.on("PUT", "/batches", half)
    run = bench.start(STAGED)
    gate.reached()
    run.hears(signal.SIGINT)
    gate.opened.set()
    assert run.ends() == 130
    assert bench.intents == [("create", "done"), ("upload", "withdrawn")]
    ((job, state),) = bench.jobs.items()
    assert state == "Open"
    assert f"{job} (Open)" in run.said
    assert bench.loaded == 0


def test_a_signal_that_leaves_nothing_undone_is_no_failure(bench: Bench) -> None:
    gate = bench.hold("GET", JOB)
    run = bench.start(STAGED)
    gate.reached()
    run.hears(signal.SIGTERM)
    gate.opened.set()
    assert run.ends() == 0
    assert bench.loaded == 3


def test_polling_ends_at_the_next_look(bench: Bench) -> None:
    gate = Gate()

    def still_running(handler: Handler, forward: Callable[[], None]) -> None:
        job = {"id": handler.path.split("/")[-1], "state": "InProgress"}
        gate(handler, lambda: answering(200, job)(handler, forward))

    bench.gates.append(gate)
    bench.proxy.on("GET", JOB, still_running)
    run = bench.start(STAGED)
    gate.reached()
    run.hears(signal.SIGTERM)
    gate.opened.set()
    assert run.ends() == 130
    assert bench.proxy.count("GET", JOB) == 1
    (job,) = bench.jobs
    assert f"{job} (InProgress)" in run.said


def test_a_pause_ends_at_once(bench: Bench) -> None:
    run = bench.start("org env\npause 10m\n")
    run.says("pause 10m")
    run.hears(signal.SIGINT)
    assert run.ends() == 130
    assert bench.proxy.seen == []


def test_a_saved_file_is_whole_or_not_there(bench: Bench) -> None:
    gate = bench.hold("GET", f"{JOB}/successfulResults")
    run = bench.start(STAGED + 'save successful rows of job people to "out/made.csv"\nlog "next"\n')
    gate.reached()
    run.hears(signal.SIGINT)
    gate.opened.set()
    assert run.ends() == 130
    files = [path for path in bench.folder.glob("out/**/*") if path.is_file()]
    assert [path.name for path in files] in ([], ["made.csv"])
    assert all(len(path.read_text("utf-8").splitlines()) == 4 for path in files)
    assert "next" not in run.said.partition(ASKED)[2]


def test_a_handler_ends_its_request_and_the_first_failure_is_told(bench: Bench) -> None:
    bench.proxy.on("PATCH", JOB, refused)
    gate = bench.hold("PATCH", JOB)
    run = bench.start(HEADER + 'upload then close job people on failure abort then log "on"\n')
    gate.reached()
    run.hears(signal.SIGINT)
    gate.opened.set()
    assert run.ends() == 130
    assert "not like this" in run.said
    assert list(bench.jobs.values()) == ["Aborted"]
    assert "unfinished jobs" not in run.said
    assert "• log" not in run.said
    assert bench.intents[-1] == ("abort", "done")
    assert "(aborted)" in run.said


def test_always_blocks_run_to_their_end_though_the_grace_is_over(bench: Bench) -> None:
    gate = bench.hold("GET", JOB)
    run = bench.start(
        HEADER + 'upload job people\npause 10m\nalways\n    show job people\n    log "kept"\n',
        grace=str(GRACE),
    )
    run.says("pause 10m")
    run.hears(signal.SIGINT)
    gate.reached()
    assert run.process.stderr is not None
    # Longer than the grace: it must not end by itself while the block's request is held back.
    with pytest.raises(subprocess.TimeoutExpired):
        run.process.wait(GRACE + 0.3)
    gate.opened.set()
    assert run.ends() == 130
    assert "kept" in run.said.partition("show job people")[2]


def test_an_always_block_that_is_under_way_runs_to_its_end(bench: Bench) -> None:
    gate = bench.hold("GET", JOB)
    run = bench.start(
        HEADER + 'upload job people\nalways\n    show job people\n    log "kept"\nlog "next"\n',
        grace="0.2",
    )
    gate.reached()
    run.hears(signal.SIGINT)
    assert "finishing the `always` block" in run.said
    gate.opened.set()
    assert run.ends() == 130
    assert "kept" in run.said.partition("show job people")[2]
    assert "next" not in run.said.partition(ASKED)[2]


def test_an_always_block_repeats_what_is_safe_to_repeat(bench: Bench) -> None:
    busy = answering(503, [{"errorCode": "SERVER_UNAVAILABLE", "message": "busy"}])
    bench.proxy.on("GET", JOB, busy)
    run = bench.start(
        HEADER + 'upload job people\npause 10m\nalways\n    show job people\n    log "kept"\n'
    )
    run.says("pause 10m")
    run.hears(signal.SIGINT)
    assert run.ends() == 130
    assert bench.proxy.count("GET", JOB) == 2
    assert "kept" in run.said.partition("show job people")[2]


def test_an_always_block_that_can_save_nothing_yet_says_so_in_a_line(bench: Bench) -> None:
    run = bench.start(
        HEADER + "upload then close job people\npause 10m\nwait for job people\n"
        'always\n    save failed rows of job people to "failed.csv"\n'
    )
    run.says("pause 10m")
    run.hears(signal.SIGINT)
    assert run.ends() == 130
    assert "nothing of job people is saved: it is not finished" in run.said
    assert "error:" not in run.said
    assert (bench.folder / "failed.csv").read_text("utf-8").startswith("LastName,_file,")


def test_a_second_signal_ends_an_always_block(bench: Bench) -> None:
    gate = bench.hold("GET", JOB)
    run = bench.start(HEADER + "upload job people\npause 10m\nalways\n    show job people\n")
    run.says("pause 10m")
    run.hears(signal.SIGINT)
    gate.reached()
    run.process.send_signal(signal.SIGTERM)
    assert run.ends() == 130
    (job,) = bench.jobs
    assert f"stopped immediately\nunfinished jobs in the org: {job} (Open)" in run.said
    assert "help: `bulkflow resume " in run.said.partition("stopped immediately")[2]


def test_a_second_signal_stops_at_once_and_names_what_was_not_answered(bench: Bench) -> None:
    gate = bench.hold("PATCH", JOB)
    run = bench.start(STAGED)
    gate.reached()
    run.hears(signal.SIGINT)
    run.process.send_signal(signal.SIGINT)
    assert run.ends() == 130
    (job,) = bench.jobs
    left = f"{job} (Open, close not answered)"
    assert f"stopped immediately\nunfinished jobs in the org: {left}" in run.said, run.said
    assert bench.intents == [("create", "done"), ("upload", "done"), ("close", None)]


def test_signals_are_heard_though_the_main_thread_hears_of_none() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", DEAF], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "asked\n"
        process.send_signal(signal.SIGTERM)
        assert "stopped immediately" in process.stderr.read()
    assert process.returncode == 130


# The second after a signal lasts until the test ends it.
SLOW = DEAF.replace(
    "module.AS_ONE = 0\ninterruption = Interruption(30.0)",
    """
def rest(seconds):
    os.write(1, f"resting {seconds}\\n".encode())
    input()
    # A signal that no longer waits may be a few instructions away from where it is counted.
    time.sleep(0.2)

interruption = Interruption(30.0, rest=rest)
""",
)


def signals_wait(pid: int) -> bool:
    """Whether signals were sent to a process that it has not got yet, where the system tells."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return False
    lines = dict(line.partition(":")[::2] for line in status.read_text("utf-8").splitlines())
    return any(int(lines[name], 16) for name in ("SigPnd", "ShdPnd"))


def test_what_comes_within_a_second_of_a_signal_is_the_same_one() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SLOW],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert {process.stdout.readline() for _ in range(2)} == {"asked\n", "resting 1.0\n"}
        for number in SIGNALS * 3:
            process.send_signal(number)
        while signals_wait(process.pid):
            assert process.poll() is None
        process.stdin.write("\n")
        process.stdin.flush()
        # It rests only after a signal that it counts, and would have stopped at the second.
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        process.send_signal(signal.SIGINT)
        assert "stopped immediately" in process.stderr.read()
    assert process.returncode == 130


def test_signals_that_a_system_lacks_are_not_asked_for() -> None:
    program = (
        "import signal; del signal.SIGHUP; signal.SIGBREAK = signal.SIGUSR1; "
        "from bulkflow.cli.signals import SIGNALS; print(*map(int, SIGNALS))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["2", "15", str(int(signal.SIGUSR1))]


LASTING = WITHIN_A_SECOND.replace("sys.exit", "signals.AS_ONE = 600; sys.exit")
HANDLED = HEADER + 'load job people on interrupt log "handler"\nalways\n    log "clean-up"\n'


def handled(lines: list[dict[str, Any]]) -> bool:
    """Whether a run ended as one does that is interrupted, and did what is to be done then."""
    assert [each["event"] for each in lines].count("run_finished") == 1
    assert lines[-1]["event"] == "run_finished"
    assert lines[-1]["exit_code"] == 130
    told = [each["message"] for each in lines if each["event"] == "notice"]
    return "handler" in told and "clean-up" in told


@pytest.mark.usefixtures("slowly")
@pytest.mark.parametrize("point", [("POST", JOBS), ("PUT", "/batches"), ("PATCH", JOB)])
def test_a_signal_that_comes_twice_lets_handlers_and_always_run(
    bench: Bench, point: tuple[str, str]
) -> None:
    (bench.folder / "test.bulkflow").write_text(HANDLED, encoding="utf-8")
    gate = bench.hold(*point)
    run = bench.launch("test.bulkflow", launch=LASTING, more=("--json",))
    gate.reached()
    run.process.send_signal(signal.SIGTERM)
    lines = []
    assert run.process.stdout is not None
    for line in run.process.stdout:
        lines.append(json.loads(line))
        if lines[-1].get("message", "").startswith(ASKED):
            run.process.send_signal(signal.SIGTERM)
            gate.opened.set()
        if lines[-1].get("message") == "handler":
            run.process.send_signal(signal.SIGINT)
    assert run.ends() == 130
    assert handled(lines)


UNDER_TIMEOUT = int(os.environ.get("BULKFLOW_TIMEOUTS", "8"))
"""Runs under GNU `timeout`; `make timeouts` takes 200."""


@pytest.mark.skipif(shutil.which("timeout") is None, reason="there is no `timeout` here")
@pytest.mark.usefixtures("slowly")
def test_handlers_and_always_run_every_time_under_timeout(bench: Bench) -> None:
    """`timeout` sends its signal twice: to the program, and to its own group.

    It does so for a signal that it gets itself, too, and this moment is the test's to choose.
    """
    (bench.folder / "test.bulkflow").write_text(HANDLED, encoding="utf-8")
    launch = ["timeout", "600", sys.executable, "-c", WITHIN_A_SECOND]
    launch += ["run", "test.bulkflow", "--json"]
    whole = 0
    for index in range(UNDER_TIMEOUT):
        due = 2 + index % 4  # `run_started` and `job_prepared` come before the step
        with subprocess.Popen(
            [*launch, "--state-dir", f"state-{index}"],
            cwd=bench.folder,
            env={**os.environ, **bench.environ, "BULKFLOW_GRACE": "60"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            lines = []
            for line in process.stdout:
                if len(lines) == due:
                    process.send_signal(signal.SIGTERM)
                lines.append(json.loads(line))
            assert process.wait(LIMIT) == 130
        whole += handled(lines)
    print(f"\n{whole} of {UNDER_TIMEOUT} runs under `timeout` ran `on interrupt` and `always`")
    assert whole == UNDER_TIMEOUT


def test_a_terminal_that_is_closed_interrupts_the_run(bench: Bench) -> None:
    gate = bench.hold("POST", JOBS)
    (bench.folder / "test.bulkflow").write_text(
        HEADER + "load job people on interrupt abort\nalways\n    show job people\n", "utf-8"
    )
    import pty  # Windows has none

    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(bench.folder)
        os.environ.update(bench.environ | {"BULKFLOW_GRACE": "20", "TERM": "xterm"})
        words = ["run", "test.bulkflow", "--state-dir", "state"]
        os.execv(sys.executable, [sys.executable, "-c", LAUNCH, *words])
    gate.reached()
    os.close(terminal)
    looked = bench.hold("GET", JOB)
    gate.opened.set()
    looked.reached()
    looked.opened.set()
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 130
    assert bench.intents == [("create", "done"), ("abort", "done")]


@pytest.mark.parametrize(
    ("method", "path", "left"),
    [
        ("POST", JOBS, "a job for part 1 (create not answered)"),
        ("PUT", "/batches", "(Open, upload not answered)"),
    ],
)
def test_a_request_that_hangs_is_given_up_after_the_grace(
    bench: Bench, method: str, path: str, left: str
) -> None:
    gate = bench.hold(method, path)
    run = bench.start(STAGED, grace="0.2")
    gate.reached()
    run.hears(signal.SIGTERM)
    assert run.ends() == 130
    assert "did not finish within 0.2 s" in run.said
    assert left in run.said
    assert bench.intents[-1][1] is None


def test_before_the_run_begins_nothing_was_sent(bench: Bench) -> None:
    pipeline = bench.folder / "test.fifo"
    os.mkfifo(pipeline)
    for number in (signal.SIGINT, signal.SIGTERM):
        run = bench.launch("test.fifo")
        # The reader has opened it when this returns, so the command is at work.
        with pipeline.open("wb"):
            run.process.send_signal(number)
            assert run.ends() == 130
        assert "interrupted" in run.said
    assert bench.proxy.seen == []
    assert not (bench.folder / "state").exists()


def test_every_branch_and_every_part_is_named(bench: Bench) -> None:
    bench.rows("a.csv", 3)
    bench.rows("b.csv", 1)
    gates = [bench.hold("PATCH", JOB) for _ in range(4)]
    run = bench.start(
        'org env\njob a\n    insert Contact\n    from "a.csv"\n    parts of 1 rows\n'
        'job b\n    insert Contact\n    from "b.csv"\n'
        "parallel\n    upload then close job a\n    upload then close job b\n"
        'log "after"\n'
    )
    for gate in gates:
        gate.reached()
    run.hears(signal.SIGINT)
    for gate in gates:
        gate.opened.set()
    assert run.ends() == 130
    assert len(bench.jobs) == 4
    for job in bench.jobs:
        assert f"{job} (UploadComplete)" in run.said
    assert "after" not in run.said.partition(ASKED)[2].replace("interrupted after", "")


@pytest.mark.parametrize("number", [each for each in SIGNALS if each != signal.SIGTERM])
def test_a_signal_that_was_ignored_from_the_start_stays_ignored(bench: Bench, number: int) -> None:
    gate = bench.hold("POST", JOBS)
    ignoring = f"import signal; signal.signal({number:d}, signal.SIG_IGN); " + LAUNCH.replace(
        "signal.signal(signal.SIGINT, signal.default_int_handler)", "signal"
    )
    run = bench.start(STAGED, launch=ignoring)
    gate.reached()
    run.process.send_signal(number)
    run.hears(signal.SIGTERM)
    gate.opened.set()
    assert run.ends() == 130
    assert "stopped immediately" not in run.said


def test_a_grace_that_is_no_number_is_refused(bench: Bench) -> None:
    run = bench.start(STAGED, grace="soon")
    assert run.ends() == 2
    assert "BULKFLOW_GRACE=soon is not a number" in run.said
    assert bench.proxy.seen == []


GIVEN_UP = HEADER + "load job people on interrupt abort\n"
STAGED_GIVEN_UP = (
    HEADER + "    parts of 250 rows\n    over 1 connections\n"
    "upload then close job people on interrupt abort\nwait for job people\n"
)


@frozen
class Slowly:
    """Processes some rows of each job, and ends none."""

    rows: int

    def allow(self, job: JobSnapshot) -> Allowance:
        return Allowance(start=True, rows=max(0, self.rows - job.rows), finish=False)


@pytest.fixture
def slowly(bench: Bench) -> Iterator[None]:
    bench.sandbox.worker.set_speed(Slowly(200))
    yield
    bench.sandbox.worker.set_speed(Immediately())


@pytest.mark.usefixtures("slowly")
@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", JOBS), ("PUT", "/batches"), ("PATCH", JOB), ("GET", JOB)],
    ids=["creating", "uploading", "closing", "polling"],
)
def test_a_handler_of_interruptions_gives_the_job_up_at_every_point(
    bench: Bench, number: int, method: str, path: str
) -> None:
    gate = bench.hold(method, path)
    run = bench.start(GIVEN_UP + 'always\n    log "kept"\n')
    gate.reached()
    run.hears(number)
    gate.opened.set()
    assert run.ends() == 130
    said = run.said.partition(ASKED)[2]
    assert bench.intents[-1] == ("abort", "done")
    assert "unfinished jobs" not in said
    assert said.index("abort") < said.index("kept")
    assert "bulkflow resume" in said
    ids = [path.split("/")[-1] for method, path in bench.proxy.seen if method == "PATCH"]
    assert bench.sandbox.ingest.get(ids[-1]).state.value == "Aborted"


@pytest.mark.usefixtures("slowly")
def test_a_handler_of_interruptions_has_the_time_that_it_needs(bench: Bench) -> None:
    polled = bench.hold("GET", JOB)
    run = bench.start(GIVEN_UP, grace=str(GRACE))
    polled.reached()
    aborting = bench.hold("PATCH", JOB)
    run.hears(signal.SIGINT)
    polled.opened.set()
    aborting.reached()
    with pytest.raises(subprocess.TimeoutExpired):
        run.process.wait(GRACE + 0.3)
    aborting.opened.set()
    assert run.ends() == 130
    assert list(bench.jobs.values()) == ["Aborted"]


@pytest.mark.usefixtures("slowly")
def test_a_second_signal_ends_a_handler_of_interruptions_at_once(bench: Bench) -> None:
    polled = bench.hold("GET", JOB)
    run = bench.start(GIVEN_UP)
    polled.reached()
    aborting = bench.hold("PATCH", JOB)
    run.hears(signal.SIGINT)
    polled.opened.set()
    aborting.reached()
    run.process.send_signal(signal.SIGINT)
    assert run.ends() == 130
    (job,) = bench.jobs
    assert "stopped immediately" in run.said
    assert re.search(rf"{job} \((UploadComplete|InProgress), abort not answered\)", run.said)
    assert bench.intents[-1] == ("abort", None)


def test_a_job_that_ended_meanwhile_is_not_called_aborted(bench: Bench) -> None:
    gate = bench.hold("GET", JOB)
    run = bench.start(GIVEN_UP)
    gate.reached()
    run.hears(signal.SIGINT)
    gate.opened.set()
    assert run.ends() == 130
    assert "3 loaded" in run.said
    assert "(aborted)" not in run.said
    assert bench.loaded == 3


@pytest.mark.usefixtures("slowly")
def test_what_was_given_up_before_it_was_closed_is_made_anew_by_resume(bench: Bench) -> None:
    gate = bench.hold("PUT", "/batches")
    run = bench.start(GIVEN_UP)
    gate.reached()
    run.hears(signal.SIGINT)
    gate.opened.set()
    assert run.ends() == 130
    print(run.said, bench.intents)
    assert bench.loaded == 0
    bench.sandbox.worker.set_speed(Immediately())
    assert bench.command("resume").ends() == 0
    assert bench.loaded == 3


@pytest.mark.usefixtures("slowly")
def test_what_was_given_up_after_it_was_closed_is_sent_again_only_when_that_is_said(
    bench: Bench,
) -> None:
    bench.rows(number=300)
    gate = bench.hold("GET", JOB)
    run = bench.start(GIVEN_UP + 'log "behind"\n')
    gate.reached()
    bench.sandbox.settle()
    run.hears(signal.SIGINT)
    gate.opened.set()
    assert run.ends() == 130
    assert bench.loaded == 200
    assert "200 loaded, 100 not processed" in run.said
    bench.sandbox.worker.set_speed(Immediately())
    resumed = bench.command("resume")
    assert resumed.ends() == 1
    assert "it was aborted" in resumed.said
    again = resumed.said.partition("`bulkflow ")[2].partition("`")[0]
    assert again.startswith("retry ")
    assert " --rows unprocessed" in again
    assert bench.loaded == 200
    assert bench.command(*again.split()).ends() == 0
    assert bench.loaded == 300
    last = bench.command("resume")
    assert last.ends() == 0
    assert "behind" in last.said
    assert bench.loaded == 300


@pytest.mark.usefixtures("slowly")
def test_what_was_given_up_with_its_close_is_sent_again_only_when_that_is_said(
    bench: Bench,
) -> None:
    bench.rows(number=500)
    gate = bench.hold("PATCH", JOB)
    run = bench.start(STAGED_GIVEN_UP)
    gate.reached()
    run.hears(signal.SIGINT)
    gate.opened.set()
    assert run.ends() == 130
    assert bench.intents[-3:] == [("close", "done"), ("abort", "done"), ("abort", "done")]
    before = bench.loaded
    assert before < 250
    bench.sandbox.worker.set_speed(Immediately())
    resumed = bench.command("resume")
    assert resumed.ends() == 1
    assert "1 of 2 parts of job people was aborted after being closed" in resumed.said
    again = resumed.said.partition("`bulkflow ")[2].partition("`")[0]
    assert " --rows unprocessed" in again
    assert bench.loaded == before + 250
    assert bench.command(*again.split()).ends() == 0
    assert bench.loaded == 500
    assert bench.command("resume").ends() == 0
    assert bench.loaded == 500
