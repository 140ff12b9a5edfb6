"""A Bulk API 2.0 job, and the enumerations of its properties."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from attrs import frozen


class JobType(StrEnum):
    """The types of jobs in a list."""

    INGEST = "V2Ingest"
    QUERY = "V2Query"
    CLASSIC = "Classic"
    BIG_OBJECT = "BigObjectIngest"


class BulkJobState(StrEnum):
    """The states of a job, in order."""

    OPEN = "Open"
    UPLOAD_COMPLETE = "UploadComplete"
    IN_PROGRESS = "InProgress"
    JOB_COMPLETE = "JobComplete"
    FAILED = "Failed"
    ABORTED = "Aborted"

    @property
    def final(self) -> bool:
        """Whether the job can only be deleted."""
        return self in _FINAL

    @property
    def name_in_errors(self) -> str:
        """The name of the state in error messages (recorded for JobComplete)."""
        return "Completed" if self is BulkJobState.JOB_COMPLETE else self.value

    @property
    def name_in_close_error(self) -> str:
        """The name of the state in the error of a close (one report, on Bulk API 1.0)."""
        return "aborted" if self is BulkJobState.ABORTED else self.name_in_errors


_FINAL: Final = frozenset({BulkJobState.JOB_COMPLETE, BulkJobState.FAILED, BulkJobState.ABORTED})


class Operation(StrEnum):
    """The operation of a job."""

    INSERT = "insert"
    UPDATE = "update"
    UPSERT = "upsert"
    DELETE = "delete"
    HARD_DELETE = "hardDelete"
    QUERY = "query"
    QUERY_ALL = "queryAll"


class LineEnding(StrEnum):
    """The line ending of a job's CSV."""

    LF = "LF"
    CRLF = "CRLF"

    @property
    def text(self) -> str:
        """The characters themselves."""
        return "\n" if self is LineEnding.LF else "\r\n"


class ColumnDelimiter(StrEnum):
    """The delimiter between the values of a job's CSV."""

    BACKQUOTE = "BACKQUOTE"
    CARET = "CARET"
    COMMA = "COMMA"
    PIPE = "PIPE"
    SEMICOLON = "SEMICOLON"
    TAB = "TAB"

    @property
    def text(self) -> str:
        """The character itself."""
        return _DELIMITERS[self]


_DELIMITERS: Final = {
    ColumnDelimiter.BACKQUOTE: "`",
    ColumnDelimiter.CARET: "^",
    ColumnDelimiter.COMMA: ",",
    ColumnDelimiter.PIPE: "|",
    ColumnDelimiter.SEMICOLON: ";",
    ColumnDelimiter.TAB: "\t",
}


@frozen
class BulkJob:
    """A job as the store has it. Times are texts in the store's form; durations are milliseconds.

    `uploads` is the number of accepted PUTs. `closed` is the time of UploadComplete. `progress`
    depends on the job type, and is used to resume the job after a restart.
    """

    id: str
    job_type: JobType
    operation: Operation
    object: str
    created_by: str
    created: str
    modified: str
    state: BulkJobState
    api_version: str
    line_ending: LineEnding = LineEnding.LF
    column_delimiter: ColumnDelimiter = ColumnDelimiter.COMMA
    content_type: str = "CSV"
    external_id_field: str | None = None
    assignment_rule: str | None = None
    query: str | None = None
    multipart: bool = False
    uploads: int = 0
    upload_bytes: int = 0
    closed: str | None = None
    processed: int = 0
    failed: int = 0
    retries: int = 0
    total_ms: int = 0
    active_ms: int = 0
    apex_ms: int = 0
    error: str | None = None
    progress: str | None = None
