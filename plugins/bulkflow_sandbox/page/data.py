"""The data of the web page, as JSON values.

Reading it has no effect on the org: it is not a poll of a job, and it is not logged.
"""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING, Final

from bulkflow_sandbox.core.dates import parse_moment
from bulkflow_sandbox.core.errors import make_not_found_error
from bulkflow_sandbox.ingest.files import read_blocks
from bulkflow_sandbox.jobs.job import JobType
from bulkflow_sandbox.jobs.job_table import find_job, list_latest_jobs
from bulkflow_sandbox.jobs.speed_syntax import format_speed
from bulkflow_sandbox.page.counts import RecordCounts
from bulkflow_sandbox.store.list_records import list_records

if TYPE_CHECKING:
    from datetime import datetime

    from bulkflow_sandbox.jobs.job import BulkJob
    from bulkflow_sandbox.sandbox import Sandbox

Body = dict[str, object]

MAX_JOBS: Final = 200
MAX_REQUESTS: Final = 500
MAX_FAILURES: Final = 20
_FAILURE_BYTES: Final = 1 << 16


class PageData:
    """Reads the state of a sandbox for the page."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._counts = RecordCounts(sandbox.database)

    def read_overview(self) -> Body:
        """Read the state of the org, its newest jobs, and the number of records of each object."""
        sandbox = self._sandbox
        with sandbox.database.reading() as connection:
            jobs = list_latest_jobs(connection, MAX_JOBS)
        return {
            "now": _format_moment(sandbox.org.clock.now()),
            "processing": format_speed(sandbox.worker.speed),
            "version": f"{sandbox.org.choices.newest_version}.0",
            "faults": len(sandbox.faults.struck),
            "requests": sandbox.requests.total,
            "jobs": [self._build_job(job) for job in jobs],
            "objects": [
                {"name": item.name, "label": item.label_plural, "records": self._counts.count(item)}
                for item in sandbox.org.schema
            ],
        }

    def read_job(self, job_id: str) -> Body:
        """Read a job and its first failed rows.

        Raises:
            ApiError: The job does not exist.
        """
        with self._sandbox.database.reading() as connection:
            job = find_job(connection, job_id)
        if job is None:
            raise make_not_found_error()
        return self._build_job(job) | {"failures": self._read_failures(job)}

    def read_records(self, object_name: str, after: str, limit: int) -> Body:
        """Read a page of an object's records; pass its `next` as `after` to read the next page.

        Raises:
            ApiError: The object does not exist.
        """
        item = self._sandbox.org.schema.find_object(object_name)
        if item is None:
            raise make_not_found_error()
        with self._sandbox.database.reading() as connection:
            found = list_records(connection, item, after=after, limit=limit + 1)
        shown = found[:limit]
        names = (name for name in item.fields if name != "IsDeleted")
        filled = [name for name in names if any(row.get(name) is not None for row in shown)]
        return {
            "object": item.name,
            "fields": filled,
            "rows": [[row.get(name) for name in filled] for row in shown],
            "next": shown[-1]["Id"] if len(found) > limit else None,
        }

    def read_requests(self, after: int) -> Body:
        """Read the requests after a number, oldest first."""
        entries = self._sandbox.requests.list_after(after)[-MAX_REQUESTS:]
        return {
            "total": self._sandbox.requests.total,
            "entries": [
                {
                    "number": entry.number,
                    "at": _format_moment(entry.at),
                    "method": entry.method,
                    "path": entry.path,
                    "status": entry.status,
                    "milliseconds": entry.milliseconds,
                    "received": entry.received,
                    "sent": entry.sent,
                    "client": entry.client,
                    "error": entry.error,
                }
                for entry in entries
            ],
        }

    def _build_job(self, job: BulkJob) -> Body:
        return {
            "id": job.id,
            "kind": "query" if job.job_type is JobType.QUERY else "ingest",
            "operation": job.operation.value,
            "object": job.object,
            "key": job.external_id_field,
            "query": job.query,
            "state": job.state.value,
            "final": job.state.final,
            "processed": job.processed,
            "failed": job.failed,
            "uploaded": job.upload_bytes,
            "created": _format_moment(parse_moment(job.created)),
            "closed": None if job.closed is None else _format_moment(parse_moment(job.closed)),
            "milliseconds": job.total_ms,
            "error": job.error,
            "version": job.api_version,
            "format": f"{job.column_delimiter.value}, {job.line_ending.value}",
        }

    def _read_failures(self, job: BulkJob) -> Body | None:
        if job.failed == 0 or job.job_type is JobType.QUERY:
            return None
        files = self._sandbox.ingest.get_files(job)
        start = b"".join(read_blocks(files.failed, 0, _FAILURE_BYTES)).decode(errors="replace")
        rows = csv.reader(StringIO(start, newline=""), delimiter=job.column_delimiter.text)
        found = [[row[0], row[1], ", ".join(row[2:])] for row in rows if len(row) > 1]
        if len(start) >= _FAILURE_BYTES:
            # The last row may be incomplete.
            found.pop()
        return {"rows": found[:MAX_FAILURES], "more": job.failed > MAX_FAILURES}


def _format_moment(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
