"""How a part that did not complete is described."""

from __future__ import annotations

from bulkflow_ingest.execution.preconditions import describe_part
from bulkflow_ingest.parts.part_job import PartJob
from bulkflow_jobs.job_info import JobInfo

JOB = "7505g0000000000AAA"


def test_a_job_that_is_gone_and_was_never_handed_over_has_loaded_nothing() -> None:
    part = PartJob.existing(JOB)
    part.mark_gone()
    assert describe_part(part) == (
        f"part 1, job {JOB}, is gone from the org; none of its rows were processed"
    )


def test_of_a_job_that_is_gone_while_it_was_processed_the_rest_is_not_known() -> None:
    part = PartJob.existing(JOB)
    part.refresh(JobInfo(JOB, "InProgress", number_records_processed=400))
    part.mark_gone()
    said = describe_part(part)
    assert said.startswith(f"part 1, job {JOB}, is gone from the org; at least 400 of ")
    assert said.endswith("the outcome of the rest is unknown")
