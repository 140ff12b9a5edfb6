"""Changes of a part's remote state are logged, each once."""

from __future__ import annotations

import logging

import pytest

from bulkflow_ingest.parts.part_job import PartJob
from bulkflow_jobs.job_info import JobInfo

JOB = "750000000000001AAA"


def test_a_change_of_state_is_logged_with_its_job(caplog: pytest.LogCaptureFixture) -> None:
    part = PartJob.existing(JOB)
    with caplog.at_level(logging.INFO, "bulkflow_ingest.parts"):
        for processed in (1, 2):
            part.refresh(JobInfo(JOB, "InProgress", number_records_processed=processed))
        part.refresh(JobInfo(JOB, "JobComplete", number_records_processed=2))
        part.mark_gone()
    assert [record.getMessage() for record in caplog.records] == [
        f"part 1, job {JOB}: Created (Open) -> HandedOver (InProgress)",
        f"part 1, job {JOB}: HandedOver (InProgress) -> Ended (JobComplete)",
        f"part 1, job {JOB}: Ended (JobComplete) -> Gone (JobComplete)",
    ]
