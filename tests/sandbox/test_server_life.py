"""Starting, stopping and sharing sandboxes, and the files that they leave."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
import urllib3

from bulkflow.errors import BulkflowError
from bulkflow_sandbox import RowsPerSecond, Sandbox, SandboxServer
from bulkflow_sandbox.core.errors import SandboxError
from bulkflow_sandbox.dml.saver import Saver
from bulkflow_sandbox.ingest.jobs import IngestJobs
from bulkflow_sandbox.ingest.task import IngestTask
from bulkflow_sandbox.jobs.job_table import save_job
from bulkflow_sandbox.org import USER_ID
from bulkflow_sandbox.store.database import FORMAT

INSERT = {"object": "Account", "operation": "insert"}


def test_a_server_answers_when_it_has_started_and_is_gone_when_it_has_stopped(alone):
    before = set(threading.enumerate())
    with SandboxServer() as server:
        url, folder = server.url, server.api.database.folder
        headers = {"Authorization": f"Bearer {server.token}"}
        with urllib3.PoolManager(retries=False) as pool:
            path = "/services/data/v66.0/jobs/ingest"
            assert pool.request("GET", url + path, headers=headers).status == 200
        assert folder.exists()
    # Threads of other tests may have ended in the meantime.
    assert not set(threading.enumerate()) - before
    assert not folder.exists()
    host, port = url.removeprefix("http://").split(":")
    with pytest.raises(OSError), socket.create_connection((host, int(port)), timeout=2):  # noqa: PT011
        pass


def test_a_server_can_be_stopped_twice_and_its_sandbox_used_again():
    with Sandbox() as sandbox:
        for _ in range(2):
            server = SandboxServer(sandbox).start()
            server.stop()
            server.stop()
        assert sandbox.ingest.create(INSERT, "66.0", USER_ID).state == "Open"


def test_a_port_that_is_taken_is_named_with_what_to_do():
    with SandboxServer() as first:
        port = int(first.url.rpartition(":")[2])
        with Sandbox() as sandbox, pytest.raises(SandboxError, match=f"port {port}") as caught:
            SandboxServer(sandbox, port=port).start()
        assert "--port" in (caught.value.help or "")


def test_no_token_stands_in_a_repr():
    with Sandbox(token="00Dhidden!xyzzy") as sandbox:
        for one in (sandbox, sandbox.sessions, sandbox.org):
            assert "xyzzy" not in repr(one)


def test_two_sandboxes_make_different_tokens():
    with Sandbox() as first, Sandbox() as second:
        assert first.token != second.token


def test_a_folder_that_cannot_be_used_is_named(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(SandboxError, match="cannot use the sandbox's folder"):
        Sandbox(path / "below")


def test_a_sandbox_that_does_not_start_leaves_no_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(BulkflowError):
        Sandbox(org_id="nonsense")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_another_format_is_refused(tmp_path):
    with Sandbox(tmp_path) as sandbox, sandbox.database.writing() as connection:
        connection.execute("INSERT INTO facts VALUES ('x', 'y')")
    sandbox = Sandbox(tmp_path)
    sandbox.database._writer.execute(f"PRAGMA user_version = {FORMAT + 1}")
    sandbox.close()
    with pytest.raises(SandboxError, match="another version of the sandbox"):
        Sandbox(tmp_path)


def test_records_and_jobs_are_there_again_after_a_restart(tmp_path):
    with Sandbox(tmp_path) as first:
        job = first.ingest.create_with_data(INSERT, b"Name\nA\n", "66.0", USER_ID)
        assert first.settle()
    with Sandbox(tmp_path) as second:
        assert second.ingest.get(job.id).state == "JobComplete"
        second_job = second.ingest.create(INSERT, "66.0", USER_ID)
        assert second_job.id > job.id
        with second.database.reading() as connection:
            assert connection.execute("SELECT Name FROM Account").fetchall() == [("A",)]


def test_many_clients_at_once_get_jobs_of_their_own(start):
    client = start()
    done: list[dict] = []

    def work(number: int) -> None:
        lines = "".join(f"n{number}-{row},{number}-{row}\n" for row in range(300))
        done.append(client.load("Name,External_Id__c\n" + lines, **INSERT))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [job["state"] for job in done] == ["JobComplete"] * 6
    assert len({job["id"] for job in done}) == 6
    with client.server.api.database.reading() as connection:
        query = "SELECT count(*), count(DISTINCT External_Id__c) FROM Account"
        assert connection.execute(query).fetchone() == (1800, 1800)


def test_a_fault_of_the_sandbox_itself_fails_the_job_and_no_other(start, monkeypatch, caplog):
    client = start()

    def broken(*_: object) -> None:
        raise RuntimeError("a fault of the sandbox")

    with monkeypatch.context() as patch, caplog.at_level(logging.CRITICAL + 1):
        patch.setattr(Saver, "save", broken)
        failed = client.load("Name\nA\n", **INSERT)
    assert failed["state"] == "Failed"
    assert failed["errorMessage"] == "InternalServerError : a fault of the sandbox"
    assert client.unprocessed(failed) == "Name\nA\n"
    assert client.load("Name\nA\n", **INSERT)["state"] == "JobComplete"


def test_a_batch_that_could_not_be_committed_is_unprocessed(start, monkeypatch, caplog):
    client = start(processing=RowsPerSecond(1_000_000))

    def broken(connection, job):
        if job.processed == 400:
            raise sqlite3.OperationalError("database or disk is full")
        save_job(connection, job)

    rows = [f"n{n}" for n in range(1000)]
    with monkeypatch.context() as patch, caplog.at_level(logging.CRITICAL + 1):
        patch.setattr("bulkflow_sandbox.ingest.job_updates.save_job", broken)
        patch.setattr("bulkflow_sandbox.jobs.worker.TURN_ROWS", 200)
        done = client.load("Name\n" + "\n".join(rows), **INSERT)
    assert done["state"] == "Failed"
    assert done["errorMessage"] == "InternalServerError : database or disk is full"
    assert done["numberRecordsProcessed"] == 200
    assert client.successes(done).count("\n") == 201
    assert client.unprocessed(done) == "Name\n" + "\n".join(rows[200:])
    with client.server.api.database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM Account").fetchone() == (200,)


def test_a_job_that_can_not_even_fail_stops_no_other(start, monkeypatch, caplog):
    client = start()

    def broken(*_: object) -> None:
        raise OSError("no space left")

    close = IngestTask.close

    def closed_badly(task: IngestTask) -> None:
        close(task)
        broken()

    with monkeypatch.context() as patch, caplog.at_level(logging.CRITICAL + 1):
        patch.setattr(Saver, "save", broken)
        patch.setattr(IngestTask, "fail", broken)
        patch.setattr(IngestTask, "close", closed_badly)
        stuck = client.load("Name\nA\n", **INSERT)
    assert stuck["state"] == "InProgress"
    assert client.load("Name\nA\n", **INSERT)["state"] == "JobComplete"


def test_a_fault_while_answering_is_a_500_in_the_usual_envelope(start, monkeypatch, caplog):
    client = start()

    def broken(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch, caplog.at_level(logging.CRITICAL + 1):
        patch.setattr(IngestJobs, "list_page", broken)
        status, code, message = client.error("GET", client.jobs)
    assert (status, code) == (500, "UNKNOWN_EXCEPTION")
    assert "no space" not in message


def test_importing_the_package_loads_neither_the_server_nor_numpy():
    code = (
        "import sys, bulkflow_sandbox; "
        "print([name for name in ('uvicorn', 'starlette', 'numpy', 'sqlite3', 'lark') "
        "if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


@pytest.mark.skipif(os.name == "nt", reason="a process there cannot be asked to end")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_in_the_foreground_ends_in_order_when_asked(number):
    code = (
        "from bulkflow_sandbox import Sandbox, serve\n"
        "with Sandbox() as sandbox:\n"
        "    print(sandbox.database.folder)\n"
        "    serve(sandbox, on_ready=lambda url: print(url, flush=True))\n"
        "print('ended')\n"
    )
    command = [sys.executable, "-W", "error", "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        folder = process.stdout.readline().strip()
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        process.send_signal(number)
        assert process.stdout.read().strip() == "ended"
    assert process.returncode == 0
    assert not Path(folder).exists()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="nothing lists the open files")
def test_nothing_is_left_open(tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "sandbox.db").write_text("no database" * 1000)
    # In a separate process, because other tests may leave connections that are still closing.
    code = f"""
from pathlib import Path
import pytest
from bulkflow.errors import BulkflowError
from bulkflow_sandbox import Sandbox
from bulkflow_sandbox.org import USER_ID

def opened():
    return sorted(str(each.readlink()) for each in Path("/proc/self/fd").iterdir() if each.exists())

folder = Path({str(tmp_path)!r})
before = opened()
with Sandbox(folder / "other") as sandbox:
    assert sandbox.org.id
    assert opened() != before
failing = [dict(org_id="nonsense"), dict(data=folder / "other", org_id="00D000000000001")]
for options in (*failing, dict(data=folder / "broken")):
    with pytest.raises(BulkflowError):
        Sandbox(**options)
for _ in range(3):
    with Sandbox(folder) as sandbox:
        sandbox.ingest.create_with_data({INSERT!r}, b"Name\\nA\\n", "66.0", USER_ID)
        assert sandbox.settle()
assert opened() == before, (opened(), before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
