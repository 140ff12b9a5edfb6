"""Large jobs use little memory, and do not block other requests."""

from __future__ import annotations

import tracemalloc
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING

from attrs import define

from bulkflow_sandbox import Choices
from bulkflow_sandbox.ingest.task import IngestTask

if TYPE_CHECKING:
    from collections.abc import Iterator

INSERT = {"object": "Account", "operation": "insert"}
BLOCK = b"Name of some length that does not matter\n" * 1600
BLOCKS = 300


@define
class Peak:
    size: int = 0


@contextmanager
def traced() -> Iterator[Peak]:
    """Measure the peak memory use of the block, in bytes."""
    peak = Peak()
    tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        yield peak
        peak.size = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def test_bodies_of_uploads_and_results_are_never_in_memory_as_a_whole(start):
    client = start()
    job = client.create(**INSERT)
    size = len(BLOCK) * BLOCKS
    with traced() as peak:
        answer = client.put(job, iter([b"Nothing__c\n", *[BLOCK] * BLOCKS]))
    assert answer.status == 201
    assert peak.size < size / 4
    client.patch(job, "UploadComplete")
    assert client.server.api.settle()
    with traced() as peak:
        path = f"{client.jobs}/{job['id']}/unprocessedrecords"
        answer = client.send("GET", path, preload_content=False)
        got = sum(map(len, answer.stream(1 << 16)))
    assert got == size + len("Nothing__c\n")
    assert peak.size < size / 4


def test_processing_four_times_the_rows_takes_no_more_memory(start):
    sizes = []
    for rows in (4_000, 16_000):
        client = start(choices=Choices(batch_rows=1_000))
        job = client.create(**INSERT)
        client.put(job, "Name,Phone\n" + "A,1\n" * rows)
        with traced() as peak:
            client.patch(job, "UploadComplete")
            assert client.server.api.settle()
        assert client.info(job)["numberRecordsProcessed"] == rows
        sizes.append(peak.size)
    assert sizes[1] < 2 * sizes[0]


def test_requests_are_answered_while_a_job_is_at_work(start, monkeypatch):
    client = start()
    begun, go_on, work = Event(), Event(), IngestTask.work

    def slow(task: IngestTask, rows: int) -> bool:
        begun.set()
        assert go_on.wait(30)
        return work(task, rows)

    monkeypatch.setattr(IngestTask, "work", slow)
    job = client.create(**INSERT)
    client.put(job, "Name\nA\n")
    client.patch(job, "UploadComplete")
    try:
        assert begun.wait(30)
        assert client.info(job)["state"] == "InProgress"
        other = client.create(**INSERT)
        assert client.put(other, "Name\nB\n").status == 201
    finally:
        go_on.set()
    assert client.server.api.settle()
    assert client.info(job)["state"] == "JobComplete"
