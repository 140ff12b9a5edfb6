"""How long jobs are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bulkflow_sandbox.dates import moment_text, parse_moment
from bulkflow_sandbox.jobs.job import JobState
from bulkflow_sandbox.jobs.table import jobs_before

if TYPE_CHECKING:
    import sqlite3

    from bulkflow_sandbox.jobs.job import Job, JobType
    from bulkflow_sandbox.org import Org


def is_open_too_long(job: Job, org: Org) -> bool:
    """Whether a job is open, and for more than its 24 hours."""
    age = org.clock.now() - parse_moment(job.created)
    return job.state is JobState.OPEN and age > timedelta(hours=org.choices.open_job_hours)


def is_overdue(job: Job, org: Org) -> bool:
    """Whether a job's time has run out."""
    age = org.clock.now() - parse_moment(job.created)
    return age > timedelta(days=org.choices.retention_days) or is_open_too_long(job, org)


def overdue(connection: sqlite3.Connection, kind: JobType, org: Org) -> list[Job]:
    """The jobs of a kind whose time has run out."""
    choices = org.choices
    shortest = min(timedelta(hours=choices.open_job_hours), timedelta(days=choices.retention_days))
    candidates = jobs_before(connection, kind, moment_text(org.clock.now() - shortest))
    return [job for job in candidates if is_overdue(job, org)]
