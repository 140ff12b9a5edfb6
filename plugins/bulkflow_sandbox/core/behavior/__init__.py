"""Every behaviour that the sources leave open, or that a test may want otherwise, in one place.

Each field of `Choices` is one behaviour with the answer that the sandbox gives and how sure it is.
A later finding changes one line here; a caller changes one for its own sandbox with
`Sandbox(choices=Choices(second_put=SecondPut.REFUSE))`. The page `docs/sandbox.md` lists the same.
"""

# ruff: noqa: RUF009 - `_choice` makes an attrs field, as `attrs.field` does

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from attrs import field, fields, frozen

from bulkflow_sandbox.core.errors import ApiError

_T = TypeVar("_T")


class Source(StrEnum):
    """How a behaviour is known."""

    RECORDED = "recorded"
    """Seen in the answers of real orgs."""
    DOCUMENTED = "documented"
    """Stated by the official guide."""
    CHOSEN = "chosen"
    """Nobody could say; this is the sandbox's guess, by analogy or for safety."""


@frozen
class Choice:
    """What is known about one field of `Choices`."""

    name: str
    about: str
    source: Source


@frozen
class Refusal:
    """An error answer; `message` may have places in braces that the caller fills."""

    status: int
    code: str
    message: str

    def error(self, **places: str) -> ApiError:
        """The error to raise, with the places filled."""
        return ApiError(self.status, self.code, self.message.format(**places))


class SecondPut(StrEnum):
    """What a second PUT into an open job meets."""

    REFUSE_CLOSE = "refuse close"
    """It is taken with 201, and closing the job is refused."""
    REFUSE = "refuse"
    """The PUT itself is refused."""


class EarlyResults(StrEnum):
    """What a request for the results of an unfinished job gets."""

    REFUSE = "refuse"
    """An error."""
    EMPTY = "empty"
    """204 without a body."""


class SurplusValues(StrEnum):
    """What becomes of a row with more values than the header has names."""

    FAIL_ROW = "fail row"
    IGNORE = "ignore"


def _choice(default: _T, source: Source, about: str) -> _T:
    made: _T = field(default=default, metadata={"about": about, "source": source})
    return made


@frozen
class Choices:
    """The behaviours that are not beyond doubt, and the sizes that a test may want smaller."""

    # Requests on jobs.
    second_put: SecondPut = _choice(
        SecondPut.REFUSE_CLOSE,
        Source.RECORDED,
        "A second PUT into an open job is taken with 201; closing the job is then refused",
    )
    two_uploads: Refusal = _choice(
        Refusal(
            400,
            "INVALIDJOB",
            "Found multipe contents for job: <{id}>, please 'Close' / 'Abort' / 'Delete' the "
            "current Job then create a new Job and make sure you only do 'PUT' once on a given "
            "Job.",
        ),
        Source.RECORDED,
        "The error for two uploads into one job, with the server's own misspelling",
    )
    put_not_open: Refusal = _choice(
        Refusal(
            400,
            "INVALIDJOBSTATE",
            "Failed to upload data, since the Job is not Open. Current job state is '{state}'",
        ),
        Source.CHOSEN,
        "PUT into a job that is not Open is refused, in words like Bulk API 1.0's",
    )
    close_illegal: Refusal = _choice(
        Refusal(400, "INVALIDJOBSTATE", "Closing already {state} Job not allowed"),
        Source.CHOSEN,
        "Closing a job that is not Open; the text for Aborted is a single report on 1.0",
    )
    abort_illegal: Refusal = _choice(
        Refusal(400, "INVALIDJOBSTATE", "Aborting already {state} Job not allowed"),
        Source.RECORDED,
        "Aborting a finished job; recorded for JobComplete ('Completed'), alike for the others",
    )
    state_illegal: Refusal = _choice(
        Refusal(400, "INVALIDJOB", "Unable to change the state of the job to {state}"),
        Source.CHOSEN,
        "PATCH to any state but UploadComplete and Aborted, or with none",
    )
    delete_unfinished: Refusal = _choice(
        Refusal(
            400,
            "API_ERROR",
            "Error encountered when deleting the job because the job is not terminated",
        ),
        Source.DOCUMENTED,
        "DELETE of an Open or InProgress job (documented for query jobs)",
    )
    early_results: EarlyResults = _choice(
        EarlyResults.REFUSE,
        Source.CHOSEN,
        "Results of a job that is not final are refused",
    )
    early_results_refusal: Refusal = _choice(
        Refusal(400, "INVALIDJOBSTATE", "Results are not available. Job state is '{state}'"),
        Source.CHOSEN,
        "The error for results of a job that is not final",
    )
    foreign_user: Refusal = _choice(
        Refusal(
            400,
            "INVALIDUSER",
            "InvalidUser : The user lacks the permission, or job {id} was created by another user",
        ),
        Source.DOCUMENTED,
        "PUT or PATCH by a user who did not create the job; the code's name is documented, the "
        "status and the text are not known",
    )
    object_unknown: Refusal = _choice(
        Refusal(400, "INVALIDJOB", "InvalidJob : Unable to find object: {object}"),
        Source.RECORDED,
        "Create for an unknown object, or a blank one",
    )
    hard_delete_forbidden: Refusal = _choice(
        Refusal(
            400,
            "FEATURENOTENABLED",
            "hardDelete operation requires special user profile permission, please contact your "
            "system administrator",
        ),
        Source.RECORDED,
        "Create of a hardDelete job without the permission",
    )
    external_id_missing: Refusal = _choice(
        Refusal(
            400,
            "INVALIDJOB",
            "InvalidJob : External ID was blank for {object}. An External ID must be specified for "
            "upsert.",
        ),
        Source.RECORDED,
        "Create of an upsert job without externalIdFieldName",
    )
    external_id_unknown: Refusal = _choice(
        Refusal(
            400,
            "INVALIDJOB",
            "InvalidJob : Field name provided, {field} does not match an External ID for {object}",
        ),
        Source.RECORDED,
        "Create of an upsert job by a field that is unknown, blank or no external id",
    )
    operation_forbidden: Refusal = _choice(
        Refusal(
            400, "INVALIDENTITY", "Entity '{object}' does not allow the operation {operation}."
        ),
        Source.CHOSEN,
        "Create of a job for an operation that the user may not do to the object",
    )
    assignment_rule_illegal: Refusal = _choice(
        Refusal(400, "INVALIDJOB", "Assignment rule {rule} is not valid for {object}"),
        Source.CHOSEN,
        "Create with an assignmentRuleId that is no id of a rule, or for another object than Case "
        "and Lead",
    )
    body_unreadable: Refusal = _choice(
        Refusal(400, "JSON_PARSER_ERROR", "{problem}"),
        Source.CHOSEN,
        "Create or PATCH with a body that is no JSON object, or a property with a bad value",
    )
    enum_invalid: Refusal = _choice(
        Refusal(400, "API_ERROR", "Invalid value: '{value}' supplied for property: '{property}'"),
        Source.RECORDED,
        "Create with a word that the property does not have; recorded for operation, alike for the "
        "others",
    )
    content_type_unsupported: Refusal = _choice(
        Refusal(415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type not supported: {type}"),
        Source.CHOSEN,
        "Create or PATCH with a body that is not JSON (nor, for create, multipart)",
    )
    batches_exceeded: Refusal = _choice(
        Refusal(400, "EXCEEDEDQUOTA", "ApiBatchItems Limit exceeded."),
        Source.CHOSEN,
        "Create when the day's batches are used up, with Bulk API 1.0's text",
    )
    upload_too_large: Refusal = _choice(
        Refusal(400, "CLIENTINPUTERROR", "Maximum size of the job data exceeded: {limit} bytes"),
        Source.CHOSEN,
        "PUT of more than 150 MB in base64",
    )
    upload_limit: int = _choice(
        150_000_000 * 3 // 4,
        Source.DOCUMENTED,
        "Most bytes of an upload: 150 MB after base64",
    )
    multipart_limit: int = _choice(
        100_000,
        Source.DOCUMENTED,
        "Most characters of data in a multipart create",
    )
    multipart_too_large: Refusal = _choice(
        Refusal(400, "INVALIDJOB", "Job data exceeds the limit of {limit} characters"),
        Source.CHOSEN,
        "Multipart create with more data than that",
    )
    gzip_upload: bool = _choice(
        True,
        Source.CHOSEN,
        "A body with Content-Encoding: gzip is taken and unpacked; documented for REST, not for "
        "uploads",
    )
    page_size: int = _choice(1000, Source.DOCUMENTED, "Most jobs on a page of the list")
    list_all_kinds: bool = _choice(
        True,
        Source.DOCUMENTED,
        "The list without a filter holds query jobs too",
    )
    open_job_hours: float = _choice(
        24, Source.DOCUMENTED, "Hours after which an Open job takes no more data"
    )
    put_too_late: Refusal = _choice(
        Refusal(
            400,
            "INVALIDJOBSTATE",
            "Failed to upload data, since the Job was created more than {hours} hours ago",
        ),
        Source.CHOSEN,
        "PUT into such a job",
    )
    retention_days: float = _choice(
        7, Source.DOCUMENTED, "Days after which jobs, their data and results are removed"
    )
    leading_slashes: bool = _choice(
        True,
        Source.CHOSEN,
        "Several slashes before the first part of a path count as one: the Salesforce CLI joins "
        "paths to instance URLs that end in a slash, and works with real orgs",
    )
    oldest_version: int = _choice(31, Source.DOCUMENTED, "Oldest API version that is served")
    version_retired: Refusal = _choice(
        Refusal(410, "UNSUPPORTED_API_VERSION", "API version v{version} is no longer supported"),
        Source.DOCUMENTED,
        "A request in an older version; the status is documented, the body is not known",
    )
    newest_deprecated_version: int = _choice(
        30,
        Source.CHOSEN,
        "Newest API version whose answers have a Warning header, if it is served",
    )
    deprecation_text: str = _choice(
        '299 - "This API is deprecated and will be removed"',
        Source.DOCUMENTED,
        "That header; how it goes on after the word deprecated is not known",
    )
    newest_version: int = _choice(68, Source.DOCUMENTED, "Newest API version that is served")
    oldest_ingest_version: int = _choice(41, Source.DOCUMENTED, "First version with ingest jobs")

    pk_chunking_version: int = _choice(
        61, Source.RECORDED, "First version in which an ingest job has isPkChunkingSupported"
    )

    # Processing.
    batch_rows: int = _choice(10_000, Source.DOCUMENTED, "Rows of an internal batch")
    chunk_rows: int = _choice(200, Source.DOCUMENTED, "Rows that are saved together")
    shuffle_batches: bool = _choice(
        True,
        Source.CHOSEN,
        "Results come batch by batch, in an order that is not the upload's",
    )
    surplus_values: SurplusValues = _choice(
        SurplusValues.FAIL_ROW,
        Source.CHOSEN,
        "A row with more values than the header has names fails",
    )
    surplus_text: str = _choice(
        "INVALID_FIELD:Number of values in the row ({found}) is greater than the number of "
        "columns ({expected}):--",
        Source.CHOSEN,
        "The error of such a row",
    )
    blank_line_text: str = _choice(
        "INVALID_FIELD:The row is empty:--",
        Source.CHOSEN,
        "A blank line between rows is a row that fails; blank lines at the end are ignored",
    )
    short_rows_padded: bool = _choice(
        True,
        Source.CHOSEN,
        "A row with fewer values than names is read as if the others were blank",
    )
    short_row_text: str = _choice(
        "INVALID_FIELD:Number of values in the row ({found}) is less than the number of columns "
        "({expected}):--",
        Source.CHOSEN,
        "The error of such a row where it is not",
    )
    stray_space_text: str = _choice(
        "INVALID_FIELD:Found unescaped quote at col {column}. A value with quote should be within "
        "a quote:--",
        Source.CHOSEN,
        "A space between the delimiter and a quote fails the row (the guide says so without text)",
    )
    unescaped_quote_text: str = _choice(
        "InvalidBatch : Failed to parse CSV. Found unescaped quote. A value with quote should be "
        "within a quote",
        Source.RECORDED,
        "A quote in the wrong place fails the job",
    )
    line_ending_text: str = _choice(
        "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is "
        "{name}",
        Source.RECORDED,
        "A line end, also within quotes, that is not the job's fails the job",
    )
    field_missing_text: str = _choice(
        "InvalidBatch : Field name not found : {name}",
        Source.RECORDED,
        "A column that is no field, or one that the user may not write, fails the job",
    )
    key_missing_text: str = _choice(
        "InvalidBatch : Field name not found : {name}",
        Source.CHOSEN,
        "An update or delete without the column Id, or an upsert without its key, fails the job",
    )
    column_twice_text: str = _choice(
        "InvalidBatch : Duplicate column name : {name}",
        Source.CHOSEN,
        "A column that stands twice in the header, in any case, fails the job",
    )
    relationship_missing_text: str = _choice(
        "InvalidBatch : Unable to find relationship: {name}",
        Source.RECORDED,
        "A relationship column with an unknown relationship fails the job",
    )
    object_missing_text: str = _choice(
        "InvalidBatch : Unable to find object: {name}",
        Source.RECORDED,
        "A relationship column that names an unknown object type fails the job",
    )
    type_not_needed_text: str = _choice(
        "InvalidBatch : type is not needed for non polymorphic foreign key references: {name}",
        Source.RECORDED,
        "A relationship column with an object type where there is one type only fails the job",
    )
    type_needed_text: str = _choice(
        "InvalidBatch : type is needed for polymorphic foreign key references: {name}",
        Source.CHOSEN,
        "A relationship column without an object type where there are several fails the job",
    )
    header_limit: int = _choice(32_000, Source.DOCUMENTED, "Most characters of the header row")
    header_too_long_text: str = _choice(
        "InvalidBatch : The header row exceeds {limit} characters",
        Source.CHOSEN,
        "A longer header row fails the job",
    )
    column_limit: int = _choice(5_000, Source.DOCUMENTED, "Most columns of an upload")
    too_many_columns_text: str = _choice(
        "InvalidBatch : The number of columns exceeds {limit}",
        Source.CHOSEN,
        "An upload with more columns fails the job",
    )
    field_limit: int = _choice(131_072, Source.DOCUMENTED, "Most characters of a value")
    field_too_long_text: str = _choice(
        "InvalidBatch : Field exceeds the limit of {limit} characters",
        Source.CHOSEN,
        "A longer value fails the job",
    )
    lock_text: str = _choice(
        "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record or 1 records: {id}:--",
        Source.RECORDED,
        "The error of a row whose record is locked (a fault that a test asks for)",
    )
    lock_new_text: str = _choice(
        "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--",
        Source.CHOSEN,
        "The same where the row makes a new record, so that there is no id to name",
    )
    failed_ids_version: int = _choice(
        53,
        Source.DOCUMENTED,
        "First version in which sf__Id of failedResults names the record of a row; before, it is "
        "blank",
    )
    record_limit: int = _choice(400_000, Source.DOCUMENTED, "Most characters of a row")
    record_too_long_text: str = _choice(
        "InvalidBatch : Record exceeds the limit of {limit} characters",
        Source.CHOSEN,
        "A longer row fails the job",
    )
    batches_exceeded_text: str = _choice(
        "ExceededQuota : ApiBatchItems Limit exceeded.",
        Source.CHOSEN,
        "A job that meets the daily limit of batches fails; that the rows of the batches beyond it "
        "are in none of the three files is documented",
    )
    records_per_day: int = _choice(
        150_000_000, Source.DOCUMENTED, "Most records that are processed in 24 hours"
    )
    records_exceeded_text: str = _choice(
        "ExceededQuota : ApiBulkRecords Limit exceeded.",
        Source.CHOSEN,
        "A job that meets that limit fails; its remaining rows are unprocessed",
    )
    ignored_columns_on_delete: bool = _choice(
        True,
        Source.CHOSEN,
        "Columns besides Id in a delete file must be fields, and are ignored",
    )
    upsert_without_id_inserts: bool = _choice(
        True,
        Source.RECORDED,
        "An upsert by Id whose file has no column Id inserts all rows",
    )
    blank_key_fails: bool = _choice(
        True,
        Source.CHOSEN,
        "An upsert row whose external id is blank fails (with Id as the key, it is inserted)",
    )

    # Queries.
    query_place: str = _choice(
        "\n{line}\n{caret}\nERROR at Row:{row}:Column:{column}\n",
        Source.RECORDED,
        "The lines before the message of a refused query; how much of a long line is shown is "
        "not known",
    )
    query_length: int = _choice(100_000, Source.DOCUMENTED, "Most characters of a query")
    query_not_in_chain: bool = _choice(
        True,
        Source.CHOSEN,
        "NOT without parentheses is taken as an operand of AND and OR",
    )
    nulls_meet_not: bool = _choice(
        True,
        Source.CHOSEN,
        "A field without a value meets NOT, NOT IN and EXCLUDES (that it meets != is documented)",
    )
    week_starts: int = _choice(
        6, Source.DOCUMENTED, "First day of a week in a query: 6 is Sunday, as in the locale en_US"
    )
    bulk_query_refused: Refusal = _choice(
        Refusal(400, "API_ERROR", "{form} not supported in Bulk Query"),
        Source.RECORDED,
        "A form that query jobs do not take; recorded for compound fields, alike for the others",
    )
    query_missing: Refusal = _choice(
        Refusal(400, "MALFORMED_QUERY", "A query string has to be specified"),
        Source.CHOSEN,
        "Create of a query job without a query",
    )
    query_jobs_exceeded: Refusal = _choice(
        Refusal(400, "LIMIT_EXCEEDED", "{limit} Limit exceeded."),
        Source.RECORDED,
        "Create of a query job past a daily limit; the text is not known",
    )
    query_version_conflict: Refusal = _choice(
        Refusal(
            409,
            "INVALIDVERSION",
            "The API version in the request must be the version of the job: {version}",
        ),
        Source.DOCUMENTED,
        "Results of a query job in another API version than its own; the body is not known",
    )
    query_locator_invalid: Refusal = _choice(
        Refusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator"),
        Source.CHOSEN,
        "Query results at a locator that the job or query does not have",
    )
    max_records_invalid: Refusal = _choice(
        Refusal(400, "INVALID_QUERY_PARAMETER", "maxRecords must be a positive number: {value}"),
        Source.CHOSEN,
        "Query results with a maxRecords that is no number above 0",
    )
    oldest_query_version: int = _choice(47, Source.DOCUMENTED, "First version with query jobs")
    oldest_pages_version: int = _choice(58, Source.DOCUMENTED, "First version with resultPages")
    wrong_case_blanks: bool = _choice(
        False,
        Source.DOCUMENTED,
        "A column whose name is not written in the field's own case is blank in failedResults: a "
        "known issue of some orgs, off because recorded results show the values",
    )
    written_order_version: int = _choice(
        50,
        Source.DOCUMENTED,
        "First version in which query results, successfulResults and failedResults have the "
        "columns as written; before, alphabetically",
    )
    query_page_rows: int = _choice(
        50_000, Source.CHOSEN, "Rows on a page of query results when maxRecords is not given"
    )
    query_pages: int = _choice(5, Source.DOCUMENTED, "Most pages that one resultPages names")
    query_header_without_rows: bool = _choice(
        True,
        Source.CHOSEN,
        "A query that finds nothing has a result with a header; else, an empty one",
    )
    query_doubles_as_java: bool = _choice(
        True,
        Source.CHOSEN,
        "Query results show numbers as successfulResults do: 9.12260031E8",
    )
    several_types: str = _choice(
        "Name",
        Source.CHOSEN,
        "The type in `attributes` of a parent that may be of several objects",
    )
    rest_forbidden: Refusal = _choice(
        Refusal(403, "INSUFFICIENT_ACCESS", "insufficient access rights on object id"),
        Source.CHOSEN,
        "Create, update or delete of a single record that the user may not do",
    )
    value_unreadable: Refusal = _choice(
        Refusal(
            400,
            "JSON_PARSER_ERROR",
            "Cannot deserialize instance of {type} from {token} value {value} or request may be "
            "missing a required field at [line:1, column:1]",
        ),
        Source.CHOSEN,
        "A single record with a value that is not of the field's type; its place is not counted",
    )
    collection_records: int = _choice(
        200, Source.DOCUMENTED, "Most records in a request to composite/sobjects"
    )
    collection_too_large: Refusal = _choice(
        Refusal(
            400,
            "EXCEEDED_ID_LIMIT",
            "record limit reached. cannot submit more than {limit} records into this call",
        ),
        Source.CHOSEN,
        "A request to composite/sobjects with more",
    )
    rest_page_rows: int = _choice(2000, Source.DOCUMENTED, "Records of an answer to a REST query")
    rest_fewest_rows: int = _choice(
        200, Source.DOCUMENTED, "Fewest that Sforce-Query-Options can ask for"
    )
    rest_cursors: int = _choice(
        10, Source.DOCUMENTED, "Unfinished REST queries that are kept; the oldest goes first"
    )

    # Logins.
    session_hours: float = _choice(
        2,
        Source.DOCUMENTED,
        "Hours without a request after which a token from a login is no longer valid; the token "
        "that the sandbox was started with has no end",
    )
    authorize_at_once: bool = _choice(
        True,
        Source.CHOSEN,
        "The authorize resource sends the browser back with a code at once, as if the user had "
        "logged in and allowed it; else, it refuses with access_denied",
    )
    code_minutes: float = _choice(
        15, Source.DOCUMENTED, "Minutes for which an authorization code is good"
    )
    device_minutes: float = _choice(
        10, Source.DOCUMENTED, "Minutes for which a device code is good"
    )
    device_interval: int = _choice(
        5, Source.DOCUMENTED, "Seconds between two polls of a device; a faster one gets slow_down"
    )
    rotate_refresh_tokens: bool = _choice(
        False, Source.DOCUMENTED, "A refresh gives a new refresh token, and ends the old one"
    )
    secret_for_refresh: bool = _choice(
        True, Source.CHOSEN, "An app that has a secret must give it to refresh a token"
    )
    assertion_text: str = _choice(
        "invalid assertion",
        Source.CHOSEN,
        "The error_description for a JWT with a bad signature, form or time",
    )
    audience_text: str = _choice(
        "audience is invalid", Source.CHOSEN, "The error_description for a JWT for somebody else"
    )
    code_text: str = _choice(
        "expired authorization code",
        Source.CHOSEN,
        "The error_description for a code that is unknown, used, too old or another app's",
    )
    newest_soap_login: int = _choice(64, Source.CHOSEN, "Newest API version with the SOAP login")
    soap_login_gone: str = _choice(
        "SOAP API login() is not available in API version {version}",
        Source.CHOSEN,
        "The fault message of a SOAP login in a newer version",
    )


def described() -> tuple[Choice, ...]:
    """All choices with what is known about them, in the order of this file."""
    return tuple(
        Choice(name=item.name, about=item.metadata["about"], source=item.metadata["source"])
        for item in fields(Choices)
    )


def table() -> str:
    """The choices as rows of the table in `docs/sandbox.md`."""
    return "\n".join(
        f"| {item.about.replace('|', chr(92) + '|')} | {item.source} | `{item.name}` |"
        for item in described()
    )
