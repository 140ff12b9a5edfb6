"""Behaviours of requests on jobs, and of API versions."""

# ruff: noqa: RUF009 - `define` makes an attrs field, as `attrs.field` does

from __future__ import annotations

from enum import StrEnum

from attrs import frozen

from bulkflow_sandbox.core.behavior.choice import Provenance, Refusal, define


class SecondPut(StrEnum):
    """How a second PUT into an open job is handled."""

    REFUSE_CLOSE = "refuse close"
    """The PUT is accepted with 201, and closing the job is refused."""
    REFUSE = "refuse"
    """The PUT itself is refused."""


class EarlyResults(StrEnum):
    """How a request for the results of an unfinished job is answered."""

    REFUSE = "refuse"
    """With an error."""
    EMPTY = "empty"
    """With 204 and no body."""


@frozen(slots=False)
class JobChoices:
    """How requests on jobs are answered."""

    second_put: SecondPut = define(
        SecondPut.REFUSE_CLOSE,
        Provenance.RECORDED,
        "A second PUT into an open job is taken with 201; closing the job is then refused",
    )
    two_uploads: Refusal = define(
        Refusal(
            400,
            "INVALIDJOB",
            "Found multipe contents for job: <{id}>, please 'Close' / 'Abort' / 'Delete' the "
            "current Job then create a new Job and make sure you only do 'PUT' once on a given "
            "Job.",
        ),
        Provenance.RECORDED,
        "The error for two uploads into one job, with the server's own misspelling",
    )
    put_not_open: Refusal = define(
        Refusal(
            400,
            "INVALIDJOBSTATE",
            "Failed to upload data, since the Job is not Open. Current job state is '{state}'",
        ),
        Provenance.CHOSEN,
        "PUT into a job that is not Open is refused, in words like Bulk API 1.0's",
    )
    close_illegal: Refusal = define(
        Refusal(400, "INVALIDJOBSTATE", "Closing already {state} Job not allowed"),
        Provenance.CHOSEN,
        "Closing a job that is not Open; the text for Aborted is a single report on 1.0",
    )
    abort_illegal: Refusal = define(
        Refusal(400, "INVALIDJOBSTATE", "Aborting already {state} Job not allowed"),
        Provenance.RECORDED,
        "Aborting a finished job; recorded for JobComplete ('Completed'), alike for the others",
    )
    state_illegal: Refusal = define(
        Refusal(400, "INVALIDJOB", "Unable to change the state of the job to {state}"),
        Provenance.CHOSEN,
        "PATCH to any state but UploadComplete and Aborted, or with none",
    )
    delete_unfinished: Refusal = define(
        Refusal(
            400,
            "API_ERROR",
            "Error encountered when deleting the job because the job is not terminated",
        ),
        Provenance.DOCUMENTED,
        "DELETE of an Open or InProgress job (documented for query jobs)",
    )
    early_results: EarlyResults = define(
        EarlyResults.REFUSE,
        Provenance.CHOSEN,
        "Results of a job that is not final are refused",
    )
    early_results_refusal: Refusal = define(
        Refusal(400, "INVALIDJOBSTATE", "Results are not available. Job state is '{state}'"),
        Provenance.CHOSEN,
        "The error for results of a job that is not final",
    )
    foreign_user: Refusal = define(
        Refusal(
            400,
            "INVALIDUSER",
            "InvalidUser : The user lacks the permission, or job {id} was created by another user",
        ),
        Provenance.DOCUMENTED,
        "PUT or PATCH by a user who did not create the job; the code's name is documented, the "
        "status and the text are not known",
    )
    object_unknown: Refusal = define(
        Refusal(400, "INVALIDJOB", "InvalidJob : Unable to find object: {object}"),
        Provenance.RECORDED,
        "Create for an unknown object, or a blank one",
    )
    hard_delete_forbidden: Refusal = define(
        Refusal(
            400,
            "FEATURENOTENABLED",
            "hardDelete operation requires special user profile permission, please contact your "
            "system administrator",
        ),
        Provenance.RECORDED,
        "Create of a hardDelete job without the permission",
    )
    external_id_missing: Refusal = define(
        Refusal(
            400,
            "INVALIDJOB",
            "InvalidJob : External ID was blank for {object}. An External ID must be specified for "
            "upsert.",
        ),
        Provenance.RECORDED,
        "Create of an upsert job without externalIdFieldName",
    )
    external_id_unknown: Refusal = define(
        Refusal(
            400,
            "INVALIDJOB",
            "InvalidJob : Field name provided, {field} does not match an External ID for {object}",
        ),
        Provenance.RECORDED,
        "Create of an upsert job by a field that is unknown, blank or no external id",
    )
    operation_forbidden: Refusal = define(
        Refusal(
            400, "INVALIDENTITY", "Entity '{object}' does not allow the operation {operation}."
        ),
        Provenance.CHOSEN,
        "Create of a job for an operation that the user may not do to the object",
    )
    assignment_rule_illegal: Refusal = define(
        Refusal(400, "INVALIDJOB", "Assignment rule {rule} is not valid for {object}"),
        Provenance.CHOSEN,
        "Create with an assignmentRuleId that is not the id of a rule, or for another object than "
        "Case and Lead",
    )
    body_unreadable: Refusal = define(
        Refusal(400, "JSON_PARSER_ERROR", "{problem}"),
        Provenance.CHOSEN,
        "Create or PATCH with a body that is not a JSON object, or a property with a bad value",
    )
    enum_invalid: Refusal = define(
        Refusal(400, "API_ERROR", "Invalid value: '{value}' supplied for property: '{property}'"),
        Provenance.RECORDED,
        "Create with a word that the property does not have; recorded for operation, alike for the "
        "others",
    )
    content_type_unsupported: Refusal = define(
        Refusal(415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type not supported: {type}"),
        Provenance.CHOSEN,
        "Create or PATCH with a body that is not JSON (nor, for create, multipart)",
    )
    batches_exceeded: Refusal = define(
        Refusal(400, "EXCEEDEDQUOTA", "ApiBatchItems Limit exceeded."),
        Provenance.CHOSEN,
        "Create when the day's batches are used up, with Bulk API 1.0's text",
    )
    upload_too_large: Refusal = define(
        Refusal(400, "CLIENTINPUTERROR", "Maximum size of the job data exceeded: {limit} bytes"),
        Provenance.CHOSEN,
        "PUT of more than 150 MB in base64",
    )
    upload_limit: int = define(
        150_000_000 * 3 // 4,
        Provenance.DOCUMENTED,
        "Most bytes of an upload: 150 MB after base64",
    )
    multipart_limit: int = define(
        100_000,
        Provenance.DOCUMENTED,
        "Most characters of data in a multipart create",
    )
    multipart_too_large: Refusal = define(
        Refusal(400, "INVALIDJOB", "Job data exceeds the limit of {limit} characters"),
        Provenance.CHOSEN,
        "Multipart create with more data than that",
    )
    gzip_upload: bool = define(
        True,
        Provenance.CHOSEN,
        "A body with Content-Encoding: gzip is taken and unpacked; documented for REST, not for "
        "uploads",
    )
    page_size: int = define(1000, Provenance.DOCUMENTED, "Most jobs on a page of the list")
    list_all_kinds: bool = define(
        True,
        Provenance.DOCUMENTED,
        "The list without a filter holds query jobs too",
    )
    open_job_hours: float = define(
        24, Provenance.DOCUMENTED, "Hours after which an Open job takes no more data"
    )
    put_too_late: Refusal = define(
        Refusal(
            400,
            "INVALIDJOBSTATE",
            "Failed to upload data, since the Job was created more than {hours} hours ago",
        ),
        Provenance.CHOSEN,
        "PUT into such a job",
    )
    retention_days: float = define(
        7, Provenance.DOCUMENTED, "Days after which jobs, their data and results are removed"
    )
    leading_slashes: bool = define(
        True,
        Provenance.CHOSEN,
        "Several slashes before the first part of a path count as one: the Salesforce CLI joins "
        "paths to instance URLs that end in a slash, and works with real orgs",
    )
    oldest_version: int = define(31, Provenance.DOCUMENTED, "Oldest API version that is served")
    version_retired: Refusal = define(
        Refusal(410, "UNSUPPORTED_API_VERSION", "API version v{version} is no longer supported"),
        Provenance.DOCUMENTED,
        "A request in an older version; the status is documented, the body is not known",
    )
    newest_deprecated_version: int = define(
        30,
        Provenance.CHOSEN,
        "Newest API version whose answers have a Warning header, if it is served",
    )
    deprecation_text: str = define(
        '299 - "This API is deprecated and will be removed"',
        Provenance.DOCUMENTED,
        "That header; its text after the word deprecated is not known",
    )
    newest_version: int = define(68, Provenance.DOCUMENTED, "Newest API version that is served")
    oldest_ingest_version: int = define(41, Provenance.DOCUMENTED, "First version with ingest jobs")

    pk_chunking_version: int = define(
        61, Provenance.RECORDED, "First version in which an ingest job has isPkChunkingSupported"
    )
