"""How long jobs are kept, and how long an open job accepts data."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bulkflow_sandbox.core.dates import format_moment, parse_moment
from bulkflow_sandbox.jobs.job_table import list_jobs_before

if TYPE_CHECKING:
    import sqlite3

    from bulkflow_sandbox.jobs.job import BulkJob, JobType
    from bulkflow_sandbox.org import SandboxOrg


def is_too_old_for_data(job: BulkJob, org: SandboxOrg) -> bool:
    """Return whether a job is too old to accept an upload."""
    return _get_age(job, org) > timedelta(hours=org.choices.open_job_hours)


def is_expired(job: BulkJob, org: SandboxOrg) -> bool:
    """Return whether a job is too old to be kept, in any state."""
    return _get_age(job, org) > timedelta(days=org.choices.retention_days)


def find_expired(connection: sqlite3.Connection, kind: JobType, org: SandboxOrg) -> list[BulkJob]:
    """List the jobs of a type that are too old to be kept."""
    oldest = org.clock.now() - timedelta(days=org.choices.retention_days)
    return list_jobs_before(connection, kind, format_moment(oldest))


def _get_age(job: BulkJob, org: SandboxOrg) -> timedelta:
    return org.clock.now() - parse_moment(job.created)
