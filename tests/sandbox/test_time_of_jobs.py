"""Jobs over time: processing speeds, the limits of 24 hours and 7 days, aborts, restarts."""

from __future__ import annotations

import pytest

from bulkflow_sandbox import (
    AfterPolls,
    AfterTime,
    Immediately,
    RowsPerSecond,
    Sandbox,
)
from bulkflow_sandbox.ingest.results import ResultFileKind
from bulkflow_sandbox.jobs.processing_speed import JobSnapshot
from bulkflow_sandbox.org import USER_ID

INSERT = {"object": "Account", "operation": "insert"}


def closed(client, data="Name\n" + "A\n" * 1000, **job) -> dict:
    job = client.create(**(job or INSERT))
    client.put(job, data)
    assert client.patch(job, "UploadComplete").json()["state"] == "UploadComplete"
    return job


def seen(client, job) -> tuple[str, int]:
    info = client.info(job)
    return info["state"], info["numberRecordsProcessed"]


def test_after_three_polls_the_third_look_is_the_first_to_see_the_end(start):
    client = start(processing=AfterPolls(3))
    job = closed(client)
    assert [seen(client, job) for _ in range(4)] == [
        ("InProgress", 1000),
        ("InProgress", 1000),
        ("JobComplete", 1000),
        ("JobComplete", 1000),
    ]


def test_a_look_before_the_close_does_not_count(start):
    client = start(processing=AfterPolls(1))
    job = client.create(**INSERT)
    client.info(job)
    client.patch(job, "UploadComplete")
    assert client.send("GET", client.jobs).json()["records"][0]["state"] == "UploadComplete"
    assert client.info(job)["state"] == "JobComplete"


def test_looks_at_one_job_do_not_move_another(start):
    client = start(processing=AfterPolls(2))
    first, second = closed(client), closed(client)
    client.info(first)
    client.info(first)
    assert client.info(second)["state"] == "InProgress"


def test_a_job_queues_and_is_processed_in_its_own_time(start, clock):
    client = start(processing=AfterTime(processing=10, queued=60), clock=clock)
    job = closed(client)

    def at(seconds):
        clock.advance(seconds)
        assert client.server.api.settle()
        return seen(client, job)

    assert at(0) == ("UploadComplete", 0)
    assert at(59) == ("UploadComplete", 0)
    assert at(1) == ("InProgress", 1000)
    assert at(9) == ("InProgress", 1000)
    assert at(1) == ("JobComplete", 1000)
    info = client.info(job)
    assert info["totalProcessingTime"] == 70_000
    assert info["createdDate"] == "2026-01-01T00:00:00.000+0000"
    assert info["systemModstamp"] == "2026-01-01T00:01:10.000+0000"


def test_rows_per_second_show_as_growing_counters(start, clock):
    client = start(processing=RowsPerSecond(100), clock=clock)
    job = closed(client)
    counts = []
    for _ in range(11):
        assert client.server.api.settle()
        counts.append(seen(client, job))
        clock.advance(1)
    assert counts[:10] == [("InProgress", done) for done in range(0, 1000, 200) for _ in "ab"]
    clock.advance(2)
    assert client.server.api.settle()
    assert seen(client, job) == ("JobComplete", 1000)


@pytest.mark.parametrize("speed", [AfterTime(5, 3), RowsPerSecond(70, 3), AfterPolls(3)])
def test_a_speed_never_takes_back_what_it_allowed(speed):
    before = None
    for step in range(200):
        now = speed.allow(JobSnapshot(seconds=step / 10, polls=step // 50, rows=0))
        if before is not None:
            assert now.start >= before.start
            assert now.rows >= before.rows
            assert now.finish >= before.finish
        before = now


def test_a_speed_that_is_changed_holds_for_unfinished_jobs(start):
    client = start(processing=AfterPolls(1000))
    job = closed(client)
    client.server.api.worker.set_speed(Immediately())
    assert client.server.api.settle()
    assert client.info(job)["state"] == "JobComplete"


def test_an_abort_midway_keeps_what_was_saved_and_gives_the_rest_back(start, clock):
    client = start(processing=RowsPerSecond(100), clock=clock)
    rows = [f'"n{n}"' for n in range(1000)]
    job = closed(client, "Name\n" + "\n".join(rows))
    clock.advance(5)
    assert client.server.api.settle()
    aborted = client.patch(job, "Aborted").json()
    assert aborted["state"] == "Aborted"
    clock.advance(100)
    assert client.server.api.settle()
    assert seen(client, job) == ("Aborted", 400)
    assert client.successes(job).count("\n") == 1 + 400
    assert client.unprocessed(job) == "Name\n" + "\n".join(rows[400:])
    with client.server.api.database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM Account").fetchone() == (400,)


def test_a_job_that_waits_in_the_queue_can_be_deleted(start):
    client = start(processing=AfterPolls(1))
    job = closed(client)
    assert client.send("DELETE", f"{client.jobs}/{job['id']}").status == 204
    assert client.send("GET", f"{client.jobs}/{job['id']}").status == 404


def test_a_job_in_progress_cannot_be_deleted(start):
    client = start(processing=AfterPolls(2))
    job = closed(client)
    client.info(job)
    assert client.send("DELETE", f"{client.jobs}/{job['id']}").status == 400


def test_an_open_job_takes_no_data_after_24_hours_and_stays_for_7_days(start, clock):
    client = start(clock=clock)
    job, late = client.create(**INSERT), client.create(**INSERT)
    clock.advance(24 * 3600)
    assert client.put(job, "Name\nA\n").status == 201
    clock.advance(1)
    status, code, _ = client.error("PUT", f"{client.jobs}/{late['id']}/batches", "Name\nA\n")
    assert (status, code) == (400, "INVALIDJOBSTATE")
    clock.advance(6 * 24 * 3600 - 1)
    assert client.info(late)["state"] == "Open"
    assert len(client.send("GET", client.jobs).json()["records"]) == 2
    clock.advance(1)
    assert client.send("GET", f"{client.jobs}/{late['id']}").status == 404
    assert client.send("GET", client.jobs).json()["records"] == []


def test_a_finished_job_and_its_results_go_after_7_days(start, clock):
    client = start(clock=clock)
    done = client.load("Name\nA\n", **INSERT)
    folder = client.server.api.database.get_job_folder(done["id"])
    clock.advance(7 * 24 * 3600)
    assert client.successes(done)
    assert folder.exists()
    clock.advance(1)
    assert client.send("GET", f"{client.jobs}/{done['id']}/successfulResults").status == 404
    assert not folder.exists()


def test_records_outlive_their_jobs(start, clock):
    client = start(clock=clock)
    client.load("Name,External_Id__c\nA,k\n", **INSERT)
    clock.advance(30 * 24 * 3600)
    upsert = {"object": "Account", "operation": "upsert", "externalIdFieldName": "External_Id__c"}
    done = client.load("Name,External_Id__c\nB,k\n", **upsert)
    assert '"false"' in client.successes(done)


def test_a_restart_goes_on_after_the_last_batch_that_was_saved(tmp_path, clock):
    data = b"Name,External_Id__c\n" + b"".join(b"n%d,%d\n" % (n, n) for n in range(1000))
    with Sandbox(tmp_path, clock=clock, processing=RowsPerSecond(100)) as first:
        job = first.ingest.create(INSERT, "66.0", USER_ID)
        upload = first.ingest.begin_upload(job.id, USER_ID)
        upload.write(data)
        first.ingest.finish_upload(job.id, upload)
        first.ingest.change_state(job.id, "UploadComplete", USER_ID)
        clock.advance(5)
        assert first.settle()
        assert first.ingest.get(job.id).processed == 400
    with Sandbox(tmp_path, clock=clock) as second:
        assert second.settle()
        done = second.ingest.get(job.id)
        assert (done.state, done.processed, done.failed) == ("JobComplete", 1000, 0)
        results = second.ingest.open_results(job.id, ResultFileKind.SUCCESSFUL)
        assert results is not None
        assert b"".join(results).count(b"\n") == 1001
        with second.database.reading() as connection:
            query = "SELECT count(*), count(DISTINCT Name) FROM Account"
            assert connection.execute(query).fetchone() == (1000, 1000)


def test_what_a_turn_wrote_but_did_not_commit_is_cut_off_at_a_restart(tmp_path, clock):
    with Sandbox(tmp_path, clock=clock, processing=RowsPerSecond(100)) as first:
        job = first.ingest.create(INSERT, "66.0", USER_ID)
        upload = first.ingest.begin_upload(job.id, USER_ID)
        upload.write(b"Name\n" + b"A\n" * 600)
        first.ingest.finish_upload(job.id, upload)
        first.ingest.change_state(job.id, "UploadComplete", USER_ID)
        clock.advance(2)
        assert first.settle()
    successful = tmp_path / "jobs" / job.id / "successful.csv"
    with successful.open("ab") as file:
        file.write(b'"half a line of a batch that was not com')
    with Sandbox(tmp_path, clock=clock) as second:
        assert second.settle()
        results = second.ingest.open_results(job.id, ResultFileKind.SUCCESSFUL)
        assert results is not None
        lines = b"".join(results).decode().splitlines()
        assert len(lines) == 601
        assert {line.split(",")[2] for line in lines[1:]} == {'"A"'}
