"""Faults on demand, observed through real connections."""

from __future__ import annotations

import time

import pytest
import urllib3
from urllib3.exceptions import HTTPError, IncompleteRead, ProtocolError

from bulkflow.errors import UsageError
from bulkflow_sandbox.faults.fault import (
    CutConnection,
    Delay,
    Drip,
    Endpoint,
    Expire,
    FailJob,
    Fault,
    LockRows,
    Moment,
    Respond,
    SetLimit,
    Truncate,
)
from bulkflow_sandbox.faults.syntax import read_fault

INSERT = {"object": "Account", "operation": "insert"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("upload#2=503", Fault(Endpoint.UPLOAD, Respond(503), nth=2)),
        ("create=cut-after", Fault(Endpoint.CREATE, CutConnection(Moment.AFTER))),
        ("info#3x2=delay:1.5", Fault(Endpoint.INFO, Delay(1.5), nth=3, times=2)),
        (
            "closex*=429;retry-after:3",
            Fault(Endpoint.CLOSE, Respond(429, headers=(("retry-after", "3"),)), times=None),
        ),
        (
            "close=500-after",
            Fault(Endpoint.CLOSE, Respond(500, moment=Moment.AFTER)),
        ),
        ("successes=truncate:100", Fault(Endpoint.SUCCESSES, Truncate(100))),
        ("results=drip:10:0.5", Fault(Endpoint.RESULTS, Drip(10, 0.5))),
        ("upload=cut:1000000", Fault(Endpoint.UPLOAD, CutConnection(received=1_000_000))),
        ("any=expire", Fault(Endpoint.ANY, Expire())),
        ("rows=lock:0.01", LockRows(0.01)),
        ("job=fail:20000", FailJob(20_000)),
        ("jobx2=fail:5:InternalServerError : x", FailJob(5, "InternalServerError : x", times=2)),
        ("limit=DailyApiRequests:100", SetLimit("DailyApiRequests", 100)),
    ],
)
def test_a_fault_can_be_written_as_text(text, fault):
    assert read_fault(text) == fault


@pytest.mark.parametrize(
    "text", ["", "upload", "nope=503", "upload=nope", "upload=truncate:x", "rows=lock:2", "x=y=z"]
)
def test_a_text_that_is_no_fault_is_refused_with_help(text):
    with pytest.raises(UsageError) as caught:
        read_fault(text)
    assert "ENDPOINT" in (caught.value.help or "")


def faulty(start, *texts):
    return start(faults=[read_fault(text) for text in texts])


def test_the_nth_request_of_an_endpoint_is_struck_and_no_other(start):
    client = faulty(start, "create#2x2=503;retry-after:7")
    statuses = [client.send("POST", client.jobs, INSERT).status for _ in range(5)]
    assert statuses == [200, 503, 503, 200, 200]
    assert len(client.send("GET", client.jobs).json()["records"]) == 3


def test_a_fault_may_add_headers(start):
    client = faulty(start, "list=503;Retry-After:7")
    answer = client.send("GET", client.jobs)
    assert answer.headers["Retry-After"] == "7"
    assert answer.json()[0]["errorCode"] == "SERVER_UNAVAILABLE"


def test_html_and_empty_bodies_can_be_had(start):
    client = faulty(start, "list=html:502", "info=empty:500")
    answer = client.send("GET", client.jobs)
    assert (answer.status, answer.headers["Content-Type"]) == (502, "text/html;charset=UTF-8")
    job = client.create(**INSERT)
    answer = client.send("GET", f"{client.jobs}/{job['id']}")
    assert (answer.status, answer.data) == (500, b"")


def test_an_answer_can_be_lost_before_or_after_the_change_is_made(start):
    client = faulty(start, "create#1=cut", "create#3=cut-after")
    with pytest.raises(ProtocolError):
        client.send("POST", client.jobs, INSERT)
    assert client.send("GET", client.jobs).json()["records"] == []
    client.create(**INSERT)
    with pytest.raises(ProtocolError):
        client.send("POST", client.jobs, INSERT)
    assert len(client.send("GET", client.jobs).json()["records"]) == 2


def test_an_error_can_be_answered_although_the_change_was_made(start):
    client = faulty(start, "close=500-after")
    job = client.create(**INSERT)
    client.put(job, "Name\nA\n")
    assert client.patch(job, "UploadComplete").status == 500
    assert client.server.api.settle()
    assert client.info(job)["state"] == "JobComplete"


def test_close_and_abort_are_told_apart(start):
    client = faulty(start, "abort=503")
    job = client.create(**INSERT)
    assert client.patch(job, "UploadComplete").status == 200
    assert client.patch(client.create(**INSERT), "Aborted").status == 503


def test_an_upload_that_is_cut_in_the_middle_leaves_the_job_without_data(start, caplog):
    client = faulty(start, "upload=cut:300000")
    job = client.create(**INSERT)
    # The client may see the end while it sends or afterwards.
    with pytest.raises(HTTPError):
        client.put(job, b"Name\n" + b"A\n" * 2_000_000)
    assert "numberRecordsProcessed" not in client.info(job)
    assert client.put(job, "Name\nA\n").status == 201
    # A requested fault is not logged as a failure of the server.
    assert caplog.records == []


def test_a_lost_answer_to_an_upload_leaves_its_data_in_the_job(start):
    client = faulty(start, "upload=cut-after")
    job = client.create(**INSERT)
    with pytest.raises(ProtocolError):
        client.put(job, "Name\nA\n")
    assert client.info(job)["numberRecordsProcessed"] == 0


def test_a_result_file_can_end_too_early(start):
    client = faulty(start, "successes=truncate:1000")
    done = client.load("Name\n" + "A\n" * 500, **INSERT)
    path = f"{client.jobs}/{done['id']}/successfulResults"
    answer = client.send("GET", path, preload_content=False)
    with pytest.raises((IncompleteRead, ProtocolError)):
        answer.read()
    answer.close()
    assert client.successes(done).count("\n") == 501


def test_a_slow_answer_is_whole_in_the_end(start):
    client = faulty(start, "info=drip:50:0")
    job = client.create(**INSERT)
    assert client.info(job)["id"] == job["id"]


def test_a_delay_outlasts_an_impatient_client(start):
    client = faulty(start, "list=delay:0.4")
    with pytest.raises(urllib3.exceptions.TimeoutError):
        client.send("GET", client.jobs, timeout=0.05)
    # The client may have left before the server has read its request.
    ends = time.monotonic() + 30
    while not (struck := client.server.api.faults.struck) and time.monotonic() < ends:
        time.sleep(0.01)
    assert struck == ((Endpoint.LIST, Delay(0.4)),)


def test_an_expired_session_stays_so_until_there_is_a_new_token(start):
    client = faulty(start, "info=expire")
    job = client.create(**INSERT)
    for _ in range(2):
        status, code, _ = client.error("GET", f"{client.jobs}/{job['id']}")
        assert (status, code) == (401, "INVALID_SESSION_ID")
    token = client.server.api.sessions.issue(job["createdById"])
    header = {"Authorization": f"Bearer {token}"}
    assert client.send("GET", f"{client.jobs}/{job['id']}", headers=header).status == 200


@pytest.mark.parametrize("share", [0, 0.01, 0.1, 0.5, 1])
def test_a_share_of_rows_is_locked(start, share):
    client = start(faults=[LockRows(share)])
    done = client.load("Name\n" + "A\n" * 1000, **INSERT)
    assert done["numberRecordsFailed"] == 1000 * share
    assert client.failures(done).count("UNABLE_TO_LOCK_ROW:") == 1000 * share


def test_only_as_many_jobs_fail_midway_as_were_asked_for(start):
    client = start(faults=[FailJob(1, times=1)])
    data = "Name\nA\nB\n"
    assert client.load(data, **INSERT)["state"] == "Failed"
    assert client.load(data, **INSERT)["state"] == "JobComplete"


# The admin resources.


def test_faults_can_be_added_and_removed_over_http(start):
    client = start()
    answer = client.send("POST", "/_sandbox/faults", {"faults": ["listx*=503"]})
    assert answer.status == 204
    assert client.send("GET", client.jobs).status == 503
    assert client.send("DELETE", "/_sandbox/faults").status == 204
    assert client.send("GET", client.jobs).status == 200
    assert client.send("GET", "/_sandbox").json()["struck"][0][0] == "list"


def test_the_admin_resources_want_the_first_token_even_when_it_expired(start):
    client = start()
    wrong = {"Authorization": "Bearer wrong"}
    assert client.send("GET", "/_sandbox", headers=wrong).status == 401
    assert client.send("POST", "/_sandbox/sessions", {"expire": True}).status == 204
    assert client.send("GET", client.jobs).status == 401
    assert client.send("POST", "/_sandbox/sessions", {"expire": False}).status == 204
    assert client.send("GET", client.jobs).status == 200


def test_speed_clock_limits_and_schema_can_be_changed_over_http(start, clock):
    client = start(clock=clock)
    assert client.send("PUT", "/_sandbox/processing", {"processing": "10s"}).status == 204
    schema = {"objects": {"Thing__c": {"fields": {"Size__c": {"type": "int"}}}}}
    assert client.send("POST", "/_sandbox/schema", schema).status == 204
    done = client.load("Name,Size__c\nA,1\n", object="thing__c", operation="insert")
    assert done["state"] == "InProgress"
    assert client.send("POST", "/_sandbox/clock", {"advance": 11}).status == 204
    assert client.server.api.settle()
    assert client.info(done)["state"] == "JobComplete"
    assert client.send("PUT", "/_sandbox/limits", {"DailyApiRequests": 1}).status == 204
    assert client.send("GET", client.jobs).status == 403


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "limits", {"DailyApiRequests": 1, "Nope": 5}),
        ("PUT", "limits", {"DailyApiRequests": 1, "DailyBulkApiBatches": "5"}),
        ("POST", "faults", {"faults": ["listx*=503", "limit=DailyApiRequests:1", "nope"]}),
        ("POST", "faults", {"faults": ["listx*=503", "limit=DailyApiRequests:1", "limit=Nope:1"]}),
    ],
)
def test_an_admin_request_that_is_refused_changes_nothing(start, method, path, body):
    client = start()
    before = client.send("GET", "/_sandbox").json()["limits"]
    status, code, _ = client.error(method, f"/_sandbox/{path}", body)
    assert (status, code) == (400, "SANDBOX_ERROR")
    assert client.send("GET", "/_sandbox").json()["limits"] == before
    assert client.send("GET", client.jobs).status == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "faults", {"faults": ["nope"]}),
        ("POST", "faults", {"faults": "upload=503"}),
        ("PUT", "processing", {"processing": "slowly"}),
        ("POST", "clock", {"advance": 5}),
        ("PUT", "limits", {"Nope": 5}),
        ("PUT", "limits", {"DailyApiRequests": "5"}),
        ("POST", "schema", {"objects": {"Thing__c": {"fields": {"A": {"type": "nope"}}}}}),
    ],
)
def test_an_admin_request_that_makes_no_sense_is_refused_with_the_reason(start, method, path, body):
    client = start()
    status, code, message = client.error(method, f"/_sandbox/{path}", body)
    assert (status, code) == (400, "SANDBOX_ERROR")
    assert message
