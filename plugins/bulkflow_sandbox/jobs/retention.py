"""How long jobs are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bulkflow_sandbox.core.dates import moment_text, parse_moment
from bulkflow_sandbox.jobs.job_table import jobs_before

if TYPE_CHECKING:
    import sqlite3

    from bulkflow_sandbox.jobs.job import Job, JobType
    from bulkflow_sandbox.org import Org


def takes_no_more_data(job: Job, org: Org) -> bool:
    """Whether a job was created too long ago for an upload."""
    return _age(job, org) > timedelta(hours=org.choices.open_job_hours)


def is_overdue(job: Job, org: Org) -> bool:
    """Whether a job's time has run out, whatever its state."""
    return _age(job, org) > timedelta(days=org.choices.retention_days)


def overdue(connection: sqlite3.Connection, kind: JobType, org: Org) -> list[Job]:
    """The jobs of a kind whose time has run out."""
    oldest = org.clock.now() - timedelta(days=org.choices.retention_days)
    return jobs_before(connection, kind, moment_text(oldest))


def _age(job: Job, org: Org) -> timedelta:
    return org.clock.now() - parse_moment(job.created)
