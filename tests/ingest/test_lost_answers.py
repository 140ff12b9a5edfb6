"""A lost answer is settled by asking: every row arrives once, whatever the network does."""

from __future__ import annotations

import hashlib
import sqlite3

import pytest

from bulkflow_sandbox import Sandbox
from support.proxy import (
    Fault,
    Proxy,
    answering,
    done_but,
    lose_answer,
    lose_request,
)
from support.workshop import Workshop

PIPELINE = (
    'org env\njob people\n    insert Contact\n    from "people.csv"\n'
    "upload then close job people on failure abort\nwait for job people\n"
)
JOB = "/jobs/ingest/[^/]+"
BROKEN = [{"errorCode": "UNKNOWN_EXCEPTION", "message": "An unexpected error occurred."}]


def loaded(sandbox: Sandbox, tag: str) -> int:
    with sandbox.database.reading() as connection:
        (count,) = connection.execute(
            'SELECT count(*) FROM "Contact" WHERE "LastName" = ?', (tag,)
        ).fetchone()
    assert isinstance(count, int)
    return count


@pytest.mark.parametrize("fault", [lose_answer, lose_request, done_but(502, BROKEN)])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/jobs/ingest"),
        ("PUT", f"{JOB}/batches"),
        ("PATCH", JOB),
        ("GET", JOB),
        ("GET", f"{JOB}/successfulResults"),
    ],
)
def test_every_row_arrives_once(
    workshop: Workshop,
    proxy: Proxy,
    sandbox: Sandbox,
    request: pytest.FixtureRequest,
    method: str,
    path: str,
    fault: Fault,
) -> None:
    tag = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:8]
    workshop.write("people.csv", "LastName\n" + f'"{tag}"\n' * 7)
    proxy.on(method, path, fault)
    ran = workshop.run(PIPELINE + 'save successful rows of job people to "made.csv"\n')
    assert ran.code == 0, ran.err + ran.out
    assert proxy.rules == [], "the fault was never met"
    assert loaded(sandbox, tag) == 7


def test_a_lost_upload_is_never_put_into_the_same_job_again(
    workshop: Workshop, proxy: Proxy
) -> None:
    workshop.write("people.csv", "LastName\nonce\n")
    proxy.on("PUT", f"{JOB}/batches", lose_answer)
    ran = workshop.run(PIPELINE)
    assert ran.code == 0, ran.err
    jobs = [path.split("/")[-2] for method, path in proxy.seen if method == "PUT"]
    assert len(jobs) == len(set(jobs)) == 2
    assert "it is aborted and replaced" in ran.out


def test_a_delete_whose_answer_is_lost_is_done(workshop: Workshop, proxy: Proxy) -> None:
    workshop.write("people.csv", "LastName\ngone\n")
    proxy.on("DELETE", JOB, lose_answer)
    ran = workshop.run(PIPELINE + "delete job people\n")
    assert ran.code == 0, ran.err
    assert proxy.count("DELETE", JOB) == 2


def test_an_upload_that_is_lost_every_time_ends_with_the_jobs_aborted(
    workshop: Workshop, proxy: Proxy, sandbox: Sandbox
) -> None:
    workshop.write("people.csv", "LastName\nnever\n")
    proxy.on("PUT", f"{JOB}/batches", lose_answer, times=None)
    ran = workshop.run(PIPELINE)
    assert ran.code == 1
    (outcome,) = ran.event("run_finished")["jobs"]
    assert outcome["left"] == []
    assert outcome["phase"] == "aborted"
    assert loaded(sandbox, "never") == 0


def test_a_job_that_ended_before_the_abort_reached_it_is_no_failure_of_the_abort(
    workshop: Workshop, proxy: Proxy
) -> None:
    workshop.write("people.csv", "LastName\nquick\n")
    proxy.on("GET", JOB, answering(400, [{"errorCode": "API_ERROR", "message": "not now"}]))
    ran = workshop.run(
        'org env\njob people\n    insert Contact\n    from "people.csv"\n'
        "upload then close then wait for job people on failure pause 1s then abort\n"
    )
    assert ran.code == 1
    errors = ran.event("run_finished")["errors"]
    assert len(errors) == 1
    assert "not now" in str(errors)


def test_the_intent_is_in_the_journal_before_the_request_leaves(
    workshop: Workshop, proxy: Proxy
) -> None:
    workshop.write("people.csv", "LastName\nwritten\n")
    journal = workshop.folder / "state" / "journal.sqlite"
    at_arrival: list[tuple[str, str | None]] = []

    def look(handler: object, forward: object) -> None:
        connection = sqlite3.connect(journal)
        query = "SELECT action, outcome FROM intent ORDER BY number DESC LIMIT 1"
        at_arrival.append(connection.execute(query).fetchone())
        connection.close()
        forward()  # type: ignore[operator]

    for method, path in (("POST", "/jobs/ingest"), ("PUT", "/batches"), ("PATCH", JOB)):
        proxy.on(method, path, look)
    ran = workshop.run(PIPELINE)
    assert ran.code == 0, ran.err
    assert at_arrival == [("create", None), ("upload", None), ("close", None)]
    connection = sqlite3.connect(journal)
    outcomes = connection.execute("SELECT action, outcome FROM intent ORDER BY number").fetchall()
    states = connection.execute("SELECT state FROM remote_state ORDER BY number").fetchall()
    connection.close()
    assert outcomes == [("create", "done"), ("upload", "done"), ("close", "done")]
    assert states[0] == ("Open",)
    assert states[-1] == ("JobComplete",)
