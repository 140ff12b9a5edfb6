"""Jobs as JSON: which properties stand in which answer, and in what order (recorded)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow_sandbox.core.dates import json_moment
from bulkflow_sandbox.jobs.job import JobState

if TYPE_CHECKING:
    from bulkflow_sandbox.jobs.job import Job

Body = dict[str, object]


def created_body(job: Job) -> Body:
    """The answer to a create request; a multipart one has no contentUrl."""
    body = _head(job)
    if job.state is JobState.OPEN:
        body["contentUrl"] = _content_url(job)
    return body | _format(job)


def changed_body(job: Job) -> Body:
    """The answer to a change of state."""
    return _head(job)


def listed_body(job: Job) -> Body:
    """A job in a list."""
    body = _head(job) | {"jobType": job.job_type.value}
    if job.state is JobState.OPEN and job.query is None:
        body["contentUrl"] = _content_url(job)
    return body | _format(job)


def info_body(job: Job, *, pk_chunking: bool) -> Body:
    """The answer to a request for an ingest job.

    The counters are absent until data was uploaded or the job was closed. `pk_chunking` says
    whether the version of the request tells that there is no chunking by primary key.
    """
    body = listed_body(job)
    if job.uploads or job.state is not JobState.OPEN:
        body["numberRecordsProcessed"] = job.processed
        body["numberRecordsFailed"] = job.failed
    body["retries"] = job.retries
    body["totalProcessingTime"] = job.total_ms
    body["apiActiveProcessingTime"] = job.active_ms
    body["apexProcessingTime"] = job.apex_ms
    if job.error is not None:
        body["errorMessage"] = job.error
    if pk_chunking:
        body["isPkChunkingSupported"] = False
    return body


def _head(job: Job) -> Body:
    body: Body = {
        "id": job.id,
        "operation": job.operation.value,
        "object": job.object,
        "createdById": job.created_by,
        "createdDate": json_moment(job.created),
        "systemModstamp": json_moment(job.modified),
        "state": job.state.value,
    }
    if job.external_id_field is not None:
        body["externalIdFieldName"] = job.external_id_field
    if job.assignment_rule is not None:
        body["assignmentRuleId"] = job.assignment_rule
    body["concurrencyMode"] = "Parallel"
    body["contentType"] = job.content_type
    body["apiVersion"] = float(job.api_version)
    return body


def _content_url(job: Job) -> str:
    return f"services/data/v{job.api_version}/jobs/ingest/{job.id}/batches"


def _format(job: Job) -> Body:
    return {
        "lineEnding": job.line_ending.value,
        "columnDelimiter": job.column_delimiter.value,
    }
