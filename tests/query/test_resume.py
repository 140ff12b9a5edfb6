"""Killed anywhere, an extract continues, and its file is complete and exact."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from bulkflow_sandbox.core.behavior import PagesForm
from query.people import ALL, JOB, expected, notices, pipeline, read_rows, resume
from support.proxy import Fault, Handler, Proxy, answering, lose_answer, lose_request
from support.workshop import Workshop

posix = pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")


@pytest.fixture(scope="module", params=[PagesForm.URL, PagesForm.ABSENT], ids=["pages", "locators"])
def form(request: pytest.FixtureRequest) -> PagesForm:
    return request.param


def start(workshop: Workshop, content: str) -> subprocess.Popen[bytes]:
    """Run a file in a process of its own."""
    file = workshop.write("test.bulkflow", content)
    command = [sys.executable, "-m", "bulkflow", "run", str(file)]
    return subprocess.Popen(
        [*command, "--state-dir", str(workshop.folder / "state")],
        env={**os.environ, **workshop.environ},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill_at(
    workshop: Workshop,
    proxy: Proxy,
    method: str,
    path: str,
    *,
    nth: int,
    after: bool,
    content: str | None = None,
) -> None:
    """Run in a process of its own, and kill it at a request, or when it was carried out."""
    process: list[subprocess.Popen[bytes]] = []

    def kill(handler: Handler, _: Callable[[], None]) -> None:
        if after:
            handler.exchange()
        process[0].kill()
        handler.cut()

    def passing(_: Handler, forward: Callable[[], None]) -> None:
        forward()

    if nth > 1:
        proxy.on(method, path, passing, times=nth - 1)
    proxy.on(method, path, kill)
    with proxy.held():
        process.append(start(workshop, content or pipeline()))
    assert process[0].wait() == -signal.SIGKILL


@posix
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("method", "path", "nth"),
    [
        ("POST", "/jobs/query", 1),
        ("GET", JOB, 1),
        ("GET", f"{JOB}/results", 1),
        ("GET", f"{JOB}/results", 2),
        ("GET", f"{JOB}/results", 9),
    ],
)
def test_a_killed_extract_continues(
    workshop: Workshop, proxy: Proxy, method: str, path: str, nth: int, after: bool
) -> None:
    workshop.write("people.csv", "old\n")
    kill_at(workshop, proxy, method, path, nth=nth, after=after)
    assert (workshop.folder / "people.csv").read_text() == "old\n"
    ran = resume(workshop)
    assert ran.code == 0, ran.out + ran.err
    assert read_rows(workshop.folder / "people.csv") == expected()
    assert proxy.count("POST", "/jobs/query") == (2 if method == "POST" else 1)


def run_into(workshop: Workshop, proxy: Proxy, fault: Fault, nth: int) -> None:
    """Run until the page with this number answers with an error that stays."""

    def passing(_: Handler, forward: Callable[[], None]) -> None:
        forward()

    proxy.on("GET", f"{JOB}/results", passing, times=nth - 1)
    proxy.on("GET", f"{JOB}/results", fault, times=None)
    ran = workshop.run(pipeline())
    assert ran.code == 1, ran.out + ran.err
    proxy.rules.clear()


REFUSED = answering(403, [{"errorCode": "API_DISABLED_FOR_ORG", "message": "no"}])


def test_a_failed_extract_continues_at_the_page(workshop: Workshop, proxy: Proxy) -> None:
    run_into(workshop, proxy, REFUSED, 4)
    before = proxy.count("GET", f"{JOB}/results")
    ran = resume(workshop)
    assert ran.code == 0, ran.out + ran.err
    assert read_rows(workshop.folder / "people.csv") == expected()
    assert proxy.count("GET", f"{JOB}/results") - before <= 8
    assert proxy.count("POST", "/jobs/query") == 1


def test_a_file_that_was_damaged_meanwhile_is_fetched_again(
    workshop: Workshop, proxy: Proxy
) -> None:
    run_into(workshop, proxy, REFUSED, 4)
    (rows,) = (workshop.folder / "state").glob("runs/*/extracted/people.csv")
    content = bytearray(rows.read_bytes())
    content[40] ^= 1
    rows.write_bytes(content)
    ran = resume(workshop)
    assert ran.code == 0, ran.out + ran.err
    assert "not in the run's folder any more" in "".join(notices(ran))
    assert read_rows(workshop.folder / "people.csv") == expected()


@pytest.mark.parametrize(
    "answer",
    [
        answering(404, [{"errorCode": "NOT_FOUND", "message": "The resource does not exist"}]),
        answering(400, [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid locator"}]),
    ],
    ids=["job", "locator"],
)
def test_a_result_that_is_gone_is_queried_again(
    workshop: Workshop, proxy: Proxy, answer: Fault
) -> None:
    def passing(_: Handler, forward: Callable[[], None]) -> None:
        forward()

    proxy.on("GET", f"{JOB}/results", passing, times=3)
    proxy.on("GET", f"{JOB}/results", answer)
    ran = workshop.run(pipeline())
    assert ran.code == 0, ran.out + ran.err
    assert "the query is run again from the beginning" in "".join(notices(ran))
    assert read_rows(workshop.folder / "people.csv") == expected()
    assert proxy.count("POST", "/jobs/query") == 2


def test_a_job_that_was_deleted_meanwhile_is_created_again(
    workshop: Workshop, proxy: Proxy
) -> None:
    run_into(workshop, proxy, REFUSED, 4)
    gone = answering(404, [{"errorCode": "NOT_FOUND", "message": "The resource does not exist"}])
    proxy.on("GET", JOB, gone)
    ran = resume(workshop)
    assert ran.code == 0, ran.out + ran.err
    assert "is gone from the org, so the query of job people is run again" in "".join(notices(ran))
    assert read_rows(workshop.folder / "people.csv") == expected()


@pytest.mark.parametrize("fault", [lose_answer, lose_request], ids=["answer", "request"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/jobs/query"),
        ("GET", JOB),
        ("GET", f"{JOB}/resultPages"),
        ("GET", f"{JOB}/results"),
    ],
    ids=["create", "poll", "list", "page"],
)
def test_a_lost_answer_loses_nothing(
    workshop: Workshop, proxy: Proxy, method: str, path: str, fault: Fault
) -> None:
    proxy.on(method, path, fault)
    ran = workshop.run(pipeline())
    assert ran.code == 0, ran.out + ran.err
    assert read_rows(workshop.folder / "people.csv") == expected()


def test_a_page_that_is_cut_short_is_fetched_again(workshop: Workshop, proxy: Proxy) -> None:
    def cut(handler: Handler, _: Callable[[], None]) -> None:
        status, headers, content = handler.exchange()
        handler.send_response(status)
        for name, value in headers:
            if name.lower().startswith(("sforce-", "content-type")):
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[: len(content) // 2])
        handler.cut()

    proxy.on("GET", f"{JOB}/results", cut, times=2)
    ran = workshop.run(pipeline())
    assert ran.code == 0, ran.out + ran.err
    assert read_rows(workshop.folder / "people.csv") == expected()


@posix
def test_a_step_that_is_done_is_not_run_again(workshop: Workshop, proxy: Proxy) -> None:
    content = pipeline(ALL, 'extract job people to "people.csv"', "delete job people")
    kill_at(workshop, proxy, "DELETE", JOB, nth=1, after=True, content=content)
    before = proxy.count("GET", f"{JOB}/results")
    ran = resume(workshop)
    assert ran.code == 0, ran.out + ran.err
    assert proxy.count("GET", f"{JOB}/results") == before
    assert read_rows(workshop.folder / "people.csv") == expected()


def test_an_interrupted_create_that_the_org_may_have_carried_out_is_said(
    workshop: Workshop, proxy: Proxy
) -> None:
    proxy.on("POST", "/jobs/query", lose_answer)
    ran = workshop.run(pipeline())
    warned = [json.loads(line) for line in ran.out.splitlines()]
    assert any("no response to creating the query job" in str(each) for each in warned)


def test_a_folder_that_cannot_be_written_is_named(workshop: Workshop) -> None:
    workshop.write("file", "x")
    ran = workshop.run(
        pipeline('query "SELECT Id FROM Contact"', 'extract job people to "file/x.csv"')
    )
    assert ran.code == 1
    assert "cannot write" in ran.out


@posix
def test_an_extract_that_is_asked_to_end_does_not_wait_for_its_pages(
    workshop: Workshop, proxy: Proxy
) -> None:
    ended = threading.Event()

    def drip(handler: Handler, _: Callable[[], None]) -> None:
        status, headers, content = handler.exchange()
        handler.send_response(status)
        for name, value in headers:
            if name.lower().startswith(("sforce-", "content-type")):
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(1 << 30))
        handler.end_headers()
        handler.wfile.write(content)
        process[0].send_signal(signal.SIGTERM)
        with suppress(OSError):
            while not ended.wait(0.02):
                handler.wfile.write(b"x" * 1000)
                handler.wfile.flush()
        handler.cut()

    proxy.on("GET", f"{JOB}/results", drip, times=None)
    process: list[subprocess.Popen[bytes]] = []
    with proxy.held():
        process.append(start(workshop, pipeline()))
    assert process[0].wait(timeout=30) == 130
    ended.set()
    proxy.rules.clear()
    ran = resume(workshop)
    assert ran.code == 0, ran.out + ran.err
    assert read_rows(workshop.folder / "people.csv") == expected()


@posix
@pytest.mark.parametrize("path", [JOB, f"{JOB}/results"], ids=["waiting", "fetching"])
def test_a_killed_extract_is_abandoned(workshop: Workshop, proxy: Proxy, path: str) -> None:
    kill_at(workshop, proxy, "GET", path, nth=1, after=False)
    state = str(workshop.folder / "state")
    ran = workshop.command("abort", "--state-dir", state, "--json")
    assert ran.code == 0, ran.out + ran.err
    assert not (workshop.folder / "people.csv").exists()
    assert resume(workshop).code == 2
    (outcome,) = ran.event("run_finished")["jobs"]
    assert outcome["left"] == []


@pytest.mark.parametrize("state", ["Failed", "Aborted"])
def test_a_query_that_did_not_complete_can_be_retried(
    workshop: Workshop, proxy: Proxy, state: str
) -> None:
    ended: list[bytes] = []

    def end(handler: Handler, _: Callable[[], None]) -> None:
        status, headers, content = handler.exchange()
        if b"JobComplete" in content and not ended:
            ended.append(content)
            content = content.replace(b"JobComplete", state.encode())
        handler.answer(status, headers, content)

    proxy.on("GET", JOB, end, times=None)
    step = 'extract job people to "people.csv" on failure retry 1 times'
    ran = workshop.run(pipeline(ALL, step))
    assert ran.code == 0, ran.out + ran.err
    assert f"is {state}, so the query of job people is run again" in "".join(notices(ran))
    assert read_rows(workshop.folder / "people.csv") == expected()
    assert proxy.count("POST", "/jobs/query") == 2


@pytest.mark.parametrize(
    ("more", "advice"),
    [("", "compare an indexed field"), (" ORDER BY Email", "remove ORDER BY")],
)
def test_a_query_that_failed_says_what_to_change(
    workshop: Workshop, proxy: Proxy, more: str, advice: str
) -> None:
    def fail(handler: Handler, _: Callable[[], None]) -> None:
        status, headers, content = handler.exchange()
        handler.answer(status, headers, content.replace(b"JobComplete", b"Failed"))

    proxy.on("GET", JOB, fail, times=None)
    ran = workshop.run(pipeline(ALL.replace("Contact", f"Contact{more}")))
    assert ran.code == 1
    error = ran.event("step_failed")["error"]
    assert "Salesforce gives no reason for query jobs" in error["message"]
    assert "QUERY_TIMEOUT" in error["help"]
    assert advice in error["help"]


@pytest.mark.parametrize("words", [["retry"], ["undo", "--yes"]])
def test_there_is_nothing_to_resend_or_take_back(workshop: Workshop, words: list[str]) -> None:
    run = str(workshop.run(pipeline()).event("run_started")["run"])
    verb, *options = words
    state = str(workshop.folder / "state")
    ran = workshop.command(verb, run, *options, "--state-dir", state)
    assert ran.code == 2
    assert f"`{verb}` has nothing to do for run {run}: it has only query jobs" in ran.err
