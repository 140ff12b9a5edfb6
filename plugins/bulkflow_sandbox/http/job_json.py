"""Makes the JSON of jobs: the properties of each response, in the recorded order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow_sandbox.core.dates import format_json_moment
from bulkflow_sandbox.jobs.job import BulkJobState

if TYPE_CHECKING:
    from bulkflow_sandbox.jobs.job import BulkJob

Body = dict[str, object]


def make_created_body(job: BulkJob) -> Body:
    """Make the body for a create request. For a multipart one, it has no contentUrl."""
    body = _make_head(job)
    if job.state is BulkJobState.OPEN:
        body["contentUrl"] = _make_content_url(job)
    return body | _describe_format(job)


def make_changed_body(job: BulkJob) -> Body:
    """Make the body for a change of state."""
    return _make_head(job)


def make_listed_body(job: BulkJob) -> Body:
    """Make the entry of a job in a list."""
    body = _make_head(job) | {"jobType": job.job_type.value}
    if job.state is BulkJobState.OPEN and job.query is None:
        body["contentUrl"] = _make_content_url(job)
    return body | _describe_format(job)


def make_info_body(job: BulkJob, *, pk_chunking: bool) -> Body:
    """Make the body for a request for an ingest job.

    The counters are missing until data was uploaded or the job was closed. With `pk_chunking`, the
    body says that chunking by primary key is not supported.
    """
    body = make_listed_body(job)
    if job.uploads or job.state is not BulkJobState.OPEN:
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


def _make_head(job: BulkJob) -> Body:
    body: Body = {
        "id": job.id,
        "operation": job.operation.value,
        "object": job.object,
        "createdById": job.created_by,
        "createdDate": format_json_moment(job.created),
        "systemModstamp": format_json_moment(job.modified),
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


def _make_content_url(job: BulkJob) -> str:
    return f"services/data/v{job.api_version}/jobs/ingest/{job.id}/batches"


def _describe_format(job: BulkJob) -> Body:
    return {
        "lineEnding": job.line_ending.value,
        "columnDelimiter": job.column_delimiter.value,
    }
