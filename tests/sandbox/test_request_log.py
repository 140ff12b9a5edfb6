"""The request log: what it records, what it leaves out, and how much it keeps."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bulkflow_sandbox.core.request_log import RequestEntry, RequestLog
from bulkflow_sandbox.faults.syntax import read_fault

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def entry(path: str) -> RequestEntry:
    return RequestEntry(MOMENT, "GET", path, 200, 1.0, 0, 0, "")


def test_a_log_keeps_its_capacity_and_counts_on():
    log = RequestLog(capacity=3)
    for number in range(5):
        log.add(entry(f"/{number}"))
    assert log.total == 5
    assert [(one.number, one.path) for one in log.list_after()] == [(3, "/2"), (4, "/3"), (5, "/4")]
    assert [one.number for one in log.list_after(4)] == [5]
    assert log.list_after(5) == ()
    assert log.list_after(9) == ()
    log.clear()
    assert log.list_after() == ()
    log.add(entry("/again"))
    assert [one.number for one in log.list_after()] == [6]


def test_requests_are_logged_with_status_sizes_client_and_refusal(start, clock):
    client = start(clock=clock)
    log = client.server.api.requests
    job = client.create(object="Account", operation="insert")
    client.put(job, "Name\nA\n", **{"User-Agent": "a client/1.0"})
    client.send("GET", f"{client.jobs}?jobType=V2Ingest")
    client.send("GET", f"{client.jobs}/{job['id']}/failedResults")
    created, put, listed, refused = log.list_after()
    assert (created.method, created.path, created.status) == ("POST", client.jobs, 200)
    assert created.at == clock.now()
    assert created.sent > 100
    assert (put.path, put.status, put.received, put.sent) == (
        f"{client.jobs}/{job['id']}/batches",
        201,
        7,
        0,
    )
    assert put.client == "a client/1.0"
    assert put.error is None
    assert listed.path == f"{client.jobs}?jobType=V2Ingest"
    assert refused.status == 400
    assert refused.error is not None
    assert refused.error.startswith("INVALIDJOBSTATE: ")
    assert refused.milliseconds > 0


def test_no_token_and_no_query_of_a_login_reaches_the_log(start):
    client = start()
    client.send("GET", "/services/oauth2/revoke?token=sesame")
    client.send("GET", client.jobs, headers={"Authorization": "Bearer sesame"})
    text = repr(client.server.api.requests.list_after())
    assert "sesame" not in text
    assert client.server.token not in text
    assert "'/services/oauth2/revoke'" in text


@pytest.mark.parametrize("path", ["/", "/_sandbox", "/_sandbox/", "/_sandbox/view/requests"])
def test_reading_of_the_sandbox_itself_is_not_logged_and_meets_no_fault(start, path):
    client = start(faults=[read_fault("any=503")])
    assert client.send("GET", path).status == 200
    assert client.server.api.requests.total == 0
    assert client.send("GET", client.jobs).status == 503
    assert client.server.api.requests.total == 1
