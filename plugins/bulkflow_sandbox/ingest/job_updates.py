"""Updates of a job's row in the database while its upload is processed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from bulkflow_sandbox.core.dates import format_moment
from bulkflow_sandbox.ingest.progress import IngestProgress
from bulkflow_sandbox.ingest.rows import UploadRows
from bulkflow_sandbox.jobs.job_table import save_job

if TYPE_CHECKING:
    import sqlite3

    from bulkflow_sandbox.ingest.files import JobFiles
    from bulkflow_sandbox.jobs.job import BulkJob, BulkJobState
    from bulkflow_sandbox.org import SandboxOrg


def save_changes(
    connection: sqlite3.Connection,
    org: SandboxOrg,
    job: BulkJob,
    *,
    state: BulkJobState | None = None,
    active_ms: int | None = None,
    error: str | None = None,
) -> BulkJob:
    """Save a job as modified now, with the properties that are given."""
    now = org.clock.now()
    closed = org.resolve_moment(job.closed)
    job = evolve(
        job,
        state=job.state if state is None else state,
        active_ms=job.active_ms if active_ms is None else active_ms,
        error=job.error if error is None else error,
        modified=format_moment(now),
        total_ms=max(0, round((now - closed).total_seconds() * 1000)),
    )
    save_job(connection, job)
    return job


def save_unprocessed_start(connection: sqlite3.Connection, job: BulkJob, files: JobFiles) -> None:
    """Save where the unprocessed rows of a job begin in its upload."""
    # Rows that were read but not committed are unprocessed, so the saved progress counts.
    progress = IngestProgress.from_text(job.progress)
    if progress.header is None:
        return
    rows = UploadRows(files.upload, job)
    try:
        rows.skip(progress.rows)
        progress = evolve(progress, rest=rows.find_offset())
    finally:
        rows.close()
    save_job(connection, evolve(job, progress=progress.to_text()))
