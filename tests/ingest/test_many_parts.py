"""Sums over many parts, and work on many of them, cost what the change costs and no more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bulkflow.model.part import Counts, Part
from bulkflow.plugin import Job
from bulkflow_ingest.parts.job_parts import JobParts
from bulkflow_ingest.parts.part_job import PartJob
from bulkflow_ingest.parts.totals import PartTotals
from bulkflow_ingest.settings import IngestSettings
from bulkflow_jobs.job_info import JobInfo


def part(number: int) -> PartJob:
    return PartJob(Part(number, "a.csv", 0, 10, 1, 2, number + 1, 10 * number), None)


def _create(part: PartJob) -> None:
    if part.id is None:
        part.mark_created(JobInfo(f"750{part.number}", "Open"))


def _ask(part: PartJob) -> None:
    part.unanswered = "close"


def _again(part: PartJob) -> None:
    part.origin = Path("again.parquet")


def _send(part: PartJob) -> None:
    part.sent += 7


def _complete(part: PartJob) -> None:
    _create(part)
    assert part.id is not None
    info = JobInfo(
        part.id, "JobComplete", number_records_processed=part.number, number_records_failed=1
    )
    part.refresh(info)


def _lose(part: PartJob) -> None:
    if part.id is not None:
        part.mark_gone()


CHANGES: list[Callable[[PartJob], None]] = [_create, _ask, _again, _send, _complete, _lose]


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(CHANGES)), max_size=30))
def test_noting_changes_comes_to_what_counting_all_does(
    changes: list[tuple[int, Callable[[PartJob], None]]],
) -> None:
    parts = [part(number) for number in range(6)]
    tally = PartTotals.of(parts)
    for number, change in changes:
        change(parts[number])
        tally.update(parts[number])
    afresh = PartTotals.of(parts)
    assert (tally.sums, tally.counts) == (afresh.sums, afresh.counts)
    assert tally.count_states() == afresh.count_states()
    assert tally.sums.final == sum(each.is_final for each in parts)
    job = Job("people", "people", {}, Path())
    JobParts.attach(job, IngestSettings(), parts)
    assert list(job.left) == [each.left for each in parts if each.left is not None]
    first = [each for each in parts if each.origin is None]
    assert tally.counts.rows == sum(each.rows for each in first)


def test_what_is_left_is_told_as_it_is_when_somebody_looks() -> None:
    job = Job("people", "people", {}, Path())
    parts = JobParts.attach(job, IngestSettings(), [part(number) for number in range(3)])
    parts.recount()
    assert (bool(job.left), job.counts) == (False, Counts(6))
    _create(parts.parts[2])
    parts.update(parts.parts[2])
    assert list(job.left) == ["7502 (Open)"]
    _create(parts.parts[1])
    parts.update(parts.parts[1])
    assert list(job.left) == ["7501 (Open)", "7502 (Open)"]
