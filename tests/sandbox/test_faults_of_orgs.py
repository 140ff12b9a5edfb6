"""Faults that were seen in real orgs: late, partial or contradictory behaviour, on demand."""

from __future__ import annotations

import csv
import gzip
import io
import socket

import pytest
from urllib3.exceptions import ProtocolError

from bulkflow.errors import UsageError
from bulkflow_sandbox import AfterPolls, AfterTime, Choices, RowsPerSecond
from bulkflow_sandbox.faults.fault import (
    CommitLate,
    EndJob,
    Endpoint,
    Fault,
    HideNewest,
    KeepGzip,
    LoseRows,
    Miscount,
    Moment,
    RepeatPage,
    Respond,
    Shorten,
    ShowOld,
)
from bulkflow_sandbox.faults.syntax import read_fault
from bulkflow_sandbox.testing import local_org

INSERT = {"object": "Account", "operation": "insert"}
TEN = "Name\n" + "".join(f"A{number}\n" for number in range(10))


@pytest.fixture
def faulty(start):
    def starting(*texts, **options):
        return start(faults=[read_fault(text) for text in texts], **options)

    return starting


def names(text):
    return [row["Name"] for row in csv.DictReader(io.StringIO(text))]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("anyx10m=503", Fault(Endpoint.ANY, Respond(503), times=None, seconds=600)),
        ("infox250ms=cut", Fault(Endpoint.INFO, read_fault("info=cut").effect, 1, None, 0.25)),
        ("successes=204", Fault(Endpoint.SUCCESSES, Respond(204))),
        ("successes#2x3=rows:10", Fault(Endpoint.SUCCESSES, Shorten(10), nth=2, times=3)),
        ("uploadx*=packed", Fault(Endpoint.UPLOAD, KeepGzip(), times=None)),
        ("infox3=old", Fault(Endpoint.INFO, ShowOld(), times=3)),
        ("info=abort", Fault(Endpoint.INFO, EndJob(delete=False))),
        ("upload=delete", Fault(Endpoint.UPLOAD, EndJob(delete=True))),
        ("list=repeat", Fault(Endpoint.LIST, RepeatPage())),
        ("list=without:2", Fault(Endpoint.LIST, HideNewest(2))),
        ("job#2x3=lose:0", LoseRows(0, nth=2, times=3)),
        ("job=more:2", Miscount(2)),
        ("job=more:2:1", Miscount(2, 1)),
        ("job=late:200", CommitLate(200)),
        ("job=late:200:3 polls", CommitLate(200, AfterPolls(3))),
        ("jobx2=late:5:1.5s", CommitLate(5, AfterTime(1.5), times=2)),
        (
            "close=400-after:BULK_API_ERROR:Found: two;X-A:b",
            Fault(
                Endpoint.CLOSE,
                Respond(
                    400,
                    code="BULK_API_ERROR",
                    message="Found: two",
                    headers=(("X-A", "b"),),
                    moment=Moment.AFTER,
                ),
            ),
        ),
    ],
)
def test_such_a_fault_can_be_written_as_text(text, fault):
    assert read_fault(text) == fault


@pytest.mark.parametrize(
    "text",
    [
        "info=rows:1",
        "any=old",
        "create=repeat",
        "upload=without:1",
        "list=abort",
        "close=packed",
        "job=late",
        "job=nope:1",
        "jobx5s=fail:1",
        "anyx1.2.3s=503",
    ],
)
def test_an_effect_that_no_request_of_the_endpoint_can_have_is_refused(text):
    with pytest.raises(UsageError, match="invalid fault"):
        read_fault(text)


# Result files that are not there yet.


def test_a_result_file_that_is_not_there_yet_is_a_204_of_the_wires_own_shape(faulty):
    client = faulty("successes=204")
    done = client.load(TEN, **INSERT)
    host, port = client.server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(
            f"GET {client.jobs}/{done['id']}/successfulResults HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {client.server.token}\r\nConnection: close\r\n\r\n".encode()
        )
        head, _, body = b"".join(iter(lambda: connection.recv(4096), b"")).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 204 ")
    assert b"content-length" not in head.lower()
    assert b"transfer-encoding" not in head.lower()
    assert body == b""
    assert len(names(client.successes(done))) == 10


@pytest.mark.parametrize("text", ["resultsx2=200", "resultsx2=empty:200"])
def test_a_result_file_may_have_no_byte_some_times(faulty, text):
    client = faulty(text)
    done = client.load(TEN, **INSERT)
    assert client.successes(done) == ""
    assert client.failures(done) == ""
    assert len(names(client.successes(done))) == 10


@pytest.mark.parametrize("rows", [0, 3, 10, 11])
def test_a_result_file_may_be_short_and_end_well(faulty, rows):
    client = faulty(f"successes=rows:{rows}")
    data = "Name,Description\n" + "".join(f'A{number},"b\nc"\n' for number in range(10))
    done = client.load(data, **INSERT)
    answer = client.send(
        "GET",
        f"{client.jobs}/{done['id']}/successfulResults",
        headers={"Accept-Encoding": "gzip"},
    )
    assert answer.headers["Content-Length"] == str(len(answer.data))
    assert names(answer.data.decode()) == [f"A{number}" for number in range(min(rows, 10))]
    assert len(names(client.successes(done))) == 10


# Uploads that are stored and refused.


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("status", [400, 408, 413, 415, 500, 503])
def test_an_upload_may_be_stored_and_refused_with_any_status(faulty, status, packed):
    client = faulty(f"upload={status}-after")
    job = client.create(**INSERT)
    data = gzip.compress(TEN.encode()) if packed else TEN
    answer = client.put(job, data, **({"Content-Encoding": "gzip"} if packed else {}))
    assert (answer.status, bool(answer.json()[0]["errorCode"])) == (status, True)
    assert client.info(job)["numberRecordsProcessed"] == 0
    assert client.put(job, TEN).status == 201
    status, code, message = client.error(
        "PATCH", f"{client.jobs}/{job['id']}", {"state": "UploadComplete"}
    )
    assert (status, code, "multipe contents" in message) == (400, "INVALIDJOB", True)


def test_a_compressed_upload_may_be_stored_as_it_came(faulty):
    client = faulty("upload=packed")
    job = client.create(**INSERT)
    assert (
        client.put(job, gzip.compress(TEN.encode()), **{"Content-Encoding": "gzip"}).status == 201
    )
    assert client.patch(job, "UploadComplete").status == 200
    assert client.server.api.settle()
    info = client.info(job)
    assert (info["state"], info["numberRecordsProcessed"]) == ("Failed", 0)
    assert info["errorMessage"]


def test_a_refusal_may_have_a_code_and_message_of_its_own(faulty):
    client = faulty("close=400:BULK_API_ERROR:Found multipe contents for job")
    job = client.create(**INSERT)
    refusal = client.error("PATCH", f"{client.jobs}/{job['id']}", {"state": "UploadComplete"})
    assert refusal == (400, "BULK_API_ERROR", "Found multipe contents for job")


# Polls that show too little, or something else.


def test_looks_may_show_the_job_as_it_was_before_the_last_change(faulty):
    client = faulty("info#2x2=old", "info#6=old")
    job = client.create(**INSERT)
    client.put(job, TEN)
    assert client.info(job)["state"] == "Open"
    client.patch(job, "UploadComplete")
    assert client.server.api.settle()
    for _ in range(2):
        old = client.info(job)
        assert (old["state"], old["numberRecordsProcessed"]) == ("Open", 0)
        assert "contentUrl" in old
    assert client.info(job)["state"] == "JobComplete"
    untouched = client.create(**INSERT)
    assert client.info(untouched)["state"] == "Open"
    client.put(untouched, TEN)
    assert "numberRecordsProcessed" not in client.info(untouched)
    assert client.info(untouched)["numberRecordsProcessed"] == 0


def test_a_page_of_the_list_may_name_itself_as_the_next(faulty):
    client = faulty("list#2x*=repeat", choices=Choices(page_size=2))
    for _ in range(5):
        client.create(**INSERT)
    first = client.send("GET", client.jobs).json()
    second = client.send("GET", first["nextRecordsUrl"]).json()
    assert (second["done"], second["nextRecordsUrl"]) == (False, first["nextRecordsUrl"])
    assert len(second["records"]) == 2
    assert client.send("GET", second["nextRecordsUrl"]).json() == second


def test_the_list_may_lack_the_newest_jobs(faulty):
    client = faulty("list=without:2")
    made = [client.create(**INSERT)["id"] for _ in range(4)]
    first, second = (client.send("GET", client.jobs).json()["records"] for _ in range(2))
    assert [job["id"] for job in first] == made[:2]
    assert [job["id"] for job in second] == made


def test_limits_may_be_forbidden_to_a_user_who_may_do_all_else(faulty):
    client = faulty("limitsx*=forbidden")
    for _ in range(2):
        refusal = client.error("GET", "/services/data/v66.0/limits/")
        assert refusal[:2] == (403, "INSUFFICIENT_ACCESS")
    assert client.send("GET", "/services/data/v66.0").status == 200


def test_concurrent_requests_may_be_too_many_for_a_moment(faulty):
    client = faulty("anyx2=concurrent")
    for _ in range(2):
        status, code, message = client.error("GET", client.jobs)
        assert (status, code) == (403, "REQUEST_LIMIT_EXCEEDED")
        assert message.startswith("ConcurrentRequests ")
    assert client.send("GET", client.jobs).status == 200


def test_the_org_may_be_away_for_a_time(faulty, clock):
    client = faulty("any#2x10m=503", "listx1h=cut", clock=clock)
    client.create(**INSERT)
    for _ in range(3):
        assert client.send("POST", client.jobs, INSERT).status == 503
        clock.advance(199)
    clock.advance(3)
    client.create(**INSERT)
    with pytest.raises(ProtocolError):
        client.send("GET", client.jobs)
    clock.advance(3600)
    assert len(client.send("GET", client.jobs).json()["records"]) == 2


# Jobs that other users end.


@pytest.mark.parametrize("effect", ["abort", "delete"])
def test_somebody_else_may_end_a_job_between_two_looks(faulty, clock, effect):
    client = faulty(f"info#2={effect}", clock=clock, processing=AfterTime(60))
    job = client.load(TEN, **INSERT)
    assert job["state"] == "InProgress"
    answer = client.send("GET", f"{client.jobs}/{job['id']}")
    if effect == "abort":
        assert (answer.status, answer.json()["state"]) == (200, "Aborted")
    else:
        assert (answer.status, answer.json()[0]["errorCode"]) == (404, "NOT_FOUND")


def test_somebody_else_may_end_a_job_over_http(start, clock):
    client = start(clock=clock, processing=AfterTime(60))
    jobs = [client.load(TEN, **INSERT) for _ in range(2)]
    seen = client.server.api.requests.total
    first, second = (f"/_sandbox/jobs/{job['id']}" for job in jobs)
    assert client.send("POST", f"{first}/abort").status == 204
    assert client.send("DELETE", second).status == 204
    assert client.server.api.requests.total == seen
    assert client.info(jobs[0])["state"] == "Aborted"
    assert client.send("GET", f"{client.jobs}/{jobs[1]['id']}").status == 404
    assert client.send("DELETE", second).status == 404


# Jobs that process fewer rows than were sent, or report more.


@pytest.mark.parametrize("rows", [0, 4])
def test_a_complete_job_may_have_lost_rows(faulty, rows):
    client = faulty(f"job#2=lose:{rows}")
    assert client.load(TEN, **INSERT)["numberRecordsProcessed"] == 10
    done = client.load(TEN, **INSERT)
    assert (done["state"], done["numberRecordsProcessed"]) == ("JobComplete", rows)
    assert names(client.successes(done)) == [f"A{number}" for number in range(rows)]
    assert names(client.failures(done)) == names(client.unprocessed(done)) == []
    assert client.load(TEN, **INSERT)["numberRecordsProcessed"] == 10


def test_the_counters_may_have_more_rows_than_were_sent(faulty):
    client = faulty("job=more:2:2")
    done = client.load("Name\nA\nB\nC\n", **INSERT)
    counters = (done["numberRecordsProcessed"], done["numberRecordsFailed"])
    assert counters == (5, 2)
    assert names(client.successes(done)) == ["A", "B", "C"]
    assert names(client.failures(done)) == []


# Late commits.


def counted(client, job):
    """Count the processed rows and the rows of all three files, and get the last change."""
    info = client.info(job)
    files = [client.successes(job), client.failures(job), client.unprocessed(job)]
    return info["numberRecordsProcessed"], [len(names(text)) for text in files]


def test_a_batch_may_commit_after_its_job_failed(faulty, clock):
    client = faulty("job=fail:4", "job=late:3:10s", clock=clock)
    job = client.load(TEN, **INSERT)
    assert job["state"] == "Failed"
    assert counted(client, job) == (4, [4, 0, 6])
    clock.advance(9)
    assert counted(client, job) == (4, [4, 0, 6])
    clock.advance(1)
    assert client.server.api.settle()
    assert counted(client, job) == (7, [7, 0, 3])
    late = client.info(job)
    assert (late["state"], late["errorMessage"]) == ("Failed", job["errorMessage"])
    assert late["systemModstamp"] > job["systemModstamp"]
    assert names(client.unprocessed(job)) == ["A7", "A8", "A9"]


def test_a_batch_may_commit_after_its_job_was_aborted(faulty, clock):
    client = faulty("job=late:200:10s", clock=clock, processing=RowsPerSecond(200))
    data = "Name\n" + "".join(f"A{number}\n" for number in range(1000))
    job = client.load(data, **INSERT)
    clock.advance(2)
    assert client.server.api.settle()
    aborted = client.patch(job, "Aborted").json()
    assert counted(client, job) == (400, [400, 0, 600])
    clock.advance(10)
    assert client.server.api.settle()
    assert counted(client, job) == (600, [600, 0, 400])
    assert client.info(job)["systemModstamp"] > aborted["systemModstamp"]


def test_rows_of_a_late_commit_can_come_with_a_look(faulty):
    client = faulty("job=fail:4", "job=late:3:3 polls")
    job = client.create(**INSERT)
    client.put(job, TEN)
    client.patch(job, "UploadComplete")
    assert client.server.api.settle()
    looks = [client.info(job)["numberRecordsProcessed"] for _ in range(4)]
    assert looks == [4, 4, 7, 7]


def test_late_commits_wait_for_a_word_where_no_time_is_given(faulty):
    client = faulty("jobx2=fail:4", "jobx2=late:100")
    jobs = [client.load(TEN, **INSERT) for _ in range(2)]
    assert [counted(client, job) for job in jobs] == [(4, [4, 0, 6])] * 2
    assert client.send("POST", "/_sandbox/late").status == 204
    assert [counted(client, job) for job in jobs] == [(10, [10, 0, 0])] * 2
    assert client.send("DELETE", f"{client.jobs}/{jobs[0]['id']}").status == 204


def test_a_job_that_goes_takes_its_late_rows_with_it(faulty):
    client = faulty("job=fail:4", "job=late:3")
    job = client.load(TEN, **INSERT)
    assert client.send("DELETE", f"{client.jobs}/{job['id']}").status == 204
    client.server.api.commit_late()
    with client.server.api.database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM Account").fetchone() == (4,)


def test_a_job_that_ends_before_its_rows_has_no_batch_at_work(faulty, clock):
    client = faulty("job=late:3:0s", clock=clock, processing=AfterTime(10, queued=10))
    early = client.load(TEN, **INSERT)
    client.patch(early, "Aborted")
    clock.advance(100)
    wrong = client.load("Nope\nA\n", **INSERT)
    clock.advance(100)
    assert client.server.api.settle()
    assert client.info(wrong)["state"] == "Failed"
    assert [client.info(job)["numberRecordsProcessed"] for job in (early, wrong)] == [0, 0]


def test_the_testing_interface_takes_these_faults_and_commits_late_rows():
    with local_org(faults=["job=fail:4", "job=late:3", LoseRows(2, nth=2)]) as org:
        ingest = org.sandbox.ingest
        user = org.records("User")[0]["Id"]
        for _ in range(2):
            job = ingest.create(INSERT, "66.0", user)
            upload = ingest.begin_upload(job.id, user)
            upload.write(TEN.encode())
            ingest.finish_upload(job.id, upload)
            ingest.change_state(job.id, "UploadComplete", user)
            assert org.settle()
        assert [job.processed for job in org.jobs()] == [4, 2]
        org.sandbox.commit_late()
        assert [job.processed for job in org.jobs()] == [7, 2]
        assert len(org.records("Account")) == 9
