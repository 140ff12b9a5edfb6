"""The remote state of a part: the state of its job in the org, as one frozen value.

    Unsent -> Created -> Uploading -> Uploaded -> Closing -> HandedOver -> Ended -> Gone

If an upload is not answered, the state stays `Uploading`: the job accepts no second upload, so it
is aborted and replaced. If a close is not answered, the state stays `Closing`: the org may process
the rows.
"""

from __future__ import annotations

from typing import TypeAlias, assert_never

from attrs import frozen

from bulkflow.model.part import Counts
from bulkflow_jobs.job_state import JobState


@frozen
class Unsent:
    """The part has no usable job in the org."""

    abandoned: bool = False
    """Whether its rows were abandoned, so they will not be sent."""


@frozen
class Created:
    """Its job is open, and no upload has begun."""

    id: str


@frozen
class Uploading:
    """An upload has begun and may be incomplete. The job accepts no other upload."""

    id: str


@frozen
class Uploaded:
    """All its data is in the org. Processing does not begin before the job is closed."""

    id: str


@frozen
class Closing:
    """A close was sent, and its effect is unknown."""

    id: str


@frozen
class HandedOver:
    """Its job was closed and is not finished. The counters are the last known ones."""

    id: str
    state: JobState | str = JobState.UPLOAD_COMPLETE
    processed: int = 0
    failed: int = 0


@frozen
class Ended:
    """Its job is finished: complete, failed or aborted.

    Attributes:
        id: The job's id.
        state: One of `FINAL_STATES`.
        handed_over: Whether rows may have been processed; False if it was aborted while open.
        processed: How many rows the org has processed, including failures.
        failed: How many of these failed.
        error_message: Why the whole job failed, if it did.
        modified: The last known `systemModstamp`, as the org wrote it.
        deleting: Whether its deletion was requested, and may have happened.
    """

    id: str
    state: JobState | str
    handed_over: bool = True
    processed: int = 0
    failed: int = 0
    error_message: str | None = None
    modified: str | None = None
    deleting: bool = False


@frozen
class Gone:
    """Its job is no longer in the org; `last` is its last known state."""

    last: Created | Uploading | Uploaded | Closing | HandedOver | Ended

    @property
    def id(self) -> str:
        """The id of the former job."""
        return self.last.id


RemoteState: TypeAlias = (
    Unsent | Created | Uploading | Uploaded | Closing | HandedOver | Ended | Gone
)
InOrg: TypeAlias = Created | Uploading | Uploaded | Closing | HandedOver | Ended


def may_be_processed(remote: RemoteState) -> bool:
    """Return whether rows may have been handed over for processing, now or earlier."""
    match remote:
        case Unsent() | Created() | Uploading() | Uploaded():
            return False
        case Closing() | HandedOver():
            return True
        case Ended():
            return remote.handed_over
        case Gone():
            return may_be_processed(remote.last)
        case _:
            assert_never(remote)


def get_job_state(remote: RemoteState) -> str | None:
    """Return the state of the job in the API's words, or None if there is no job."""
    match remote:
        case Unsent():
            return None
        case Created() | Uploading() | Uploaded() | Closing():
            return JobState.OPEN
        case HandedOver() | Ended():
            return remote.state
        case Gone():
            return get_job_state(remote.last)
        case _:
            assert_never(remote)


def get_counters(remote: RemoteState) -> tuple[int, int]:
    """Return how many rows the org has processed, and how many of these failed."""
    match remote:
        case HandedOver() | Ended():
            return remote.processed, remote.failed
        case Gone():
            return get_counters(remote.last)
        case _:
            return 0, 0


def count_rows(remote: RemoteState, rows: int) -> Counts:
    """Count the outcomes of a part's rows, as far as the job's own counters show them.

    Processed rows include failures. Only of a complete job is the difference the number of loaded
    rows (live test of Salesforce's own client, 10,000 rows with 5,000 failures); if a job failed or
    was aborted, its result files are needed. If the counters exceed the rows that were sent, they
    include other rows, and all outcomes are unknown.
    """
    match remote:
        case Unsent():
            return Counts(rows, unprocessed=rows if remote.abandoned else 0)
        case Created() | Uploading() | Uploaded() | Closing():
            return Counts(rows)
        case HandedOver():
            return Counts(rows, failed=min(rows, remote.failed))
        case Ended():
            return _counts_of_ended(remote, rows)
        case Gone():
            return _counts_of_gone(remote, rows)
        case _:
            assert_never(remote)


def _counts_of_ended(remote: Ended, rows: int) -> Counts:
    if not remote.handed_over:
        return Counts(rows, unprocessed=rows)
    if remote.state != JobState.JOB_COMPLETE:
        return Counts(rows, failed=min(rows, remote.failed), unknown=max(0, rows - remote.failed))
    if not 0 <= remote.failed <= remote.processed <= rows:
        return Counts(rows, unknown=rows)
    loaded = remote.processed - remote.failed
    return Counts(rows, loaded, remote.failed, unknown=rows - remote.processed)


def _counts_of_gone(remote: Gone, rows: int) -> Counts:
    if not may_be_processed(remote.last):
        return Counts(rows, unprocessed=rows)
    if isinstance(remote.last, Ended) and remote.last.state == JobState.JOB_COMPLETE:
        return _counts_of_ended(remote.last, rows)
    processed, failed = get_counters(remote.last)
    if not 0 <= failed <= processed <= rows:
        return Counts(rows, unknown=rows)
    # These are minimums: rows may have been processed after the last look.
    return Counts(rows, processed - failed, failed, unknown=rows - processed)
