"""Checks of the age of jobs: for uploads, and for their removal."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bulkflow_sandbox.core.dates import format_moment, parse_moment
from bulkflow_sandbox.jobs.job_table import list_jobs_before

if TYPE_CHECKING:
    import sqlite3

    from bulkflow_sandbox.jobs.job import BulkJob, JobType
    from bulkflow_sandbox.org import Org


def is_too_old_for_data(job: BulkJob, org: Org) -> bool:
    """Check whether a job was created too long ago for an upload."""
    return _get_age(job, org) > timedelta(hours=org.choices.open_job_hours)


def is_expired(job: BulkJob, org: Org) -> bool:
    """Check whether a job, in any state, has been kept long enough to be removed."""
    return _get_age(job, org) > timedelta(days=org.choices.retention_days)


def find_expired(connection: sqlite3.Connection, kind: JobType, org: Org) -> list[BulkJob]:
    """Find the jobs of a type that must be removed."""
    oldest = org.clock.now() - timedelta(days=org.choices.retention_days)
    return list_jobs_before(connection, kind, format_moment(oldest))


def _get_age(job: BulkJob, org: Org) -> timedelta:
    return org.clock.now() - parse_moment(job.created)
