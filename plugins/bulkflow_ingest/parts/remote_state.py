"""The remote state of a part: the state of its job in the org, as one frozen value.

    Unsent -> Created -> Uploading -> Uploaded -> Closing -> HandedOver -> Ended -> Gone

Only the transitions of this module change a state. Once rows may have been handed over, no
transition leads back to a state in which they can be sent: whatever the org reports later, a part
never sends its rows a second time.

If an upload is not answered, the state stays `Uploading`: the job accepts no second upload, so it
is aborted and replaced. If a close is not answered, the state stays `Closing`: the org may process
the rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, assert_never

from attrs import evolve, frozen

from bulkflow.model.part import Counts
from bulkflow_ingest.api.job_info import FINAL, JobState

if TYPE_CHECKING:
    from bulkflow_ingest.api.job_info import JobInfo


class TransitionError(ValueError):
    """A transition is not possible in the state of a part. This is a bug in the caller."""


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
        state: One of `FINAL`.
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

# ----------------------------------------------------------------------------------- queries


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


# ------------------------------------------------------------------------------- transitions


def mark_created(remote: RemoteState, job: str) -> Created:
    """Note that a job was created for the part."""
    if not isinstance(remote, Unsent):
        raise TransitionError(f"cannot create another job for a part in state {remote}")
    return Created(job)


def mark_upload_begun(remote: RemoteState) -> Uploading:
    """Note that the first byte of an upload may have been sent."""
    if not isinstance(remote, Created):
        raise TransitionError(f"cannot upload a part in state {remote}")
    return Uploading(remote.id)


def mark_upload_not_begun(remote: RemoteState) -> Created:
    """Note that the upload certainly did not reach the job."""
    if not isinstance(remote, Uploading):
        raise TransitionError(f"no upload has begun of a part in state {remote}")
    return Created(remote.id)


def mark_uploaded(remote: RemoteState) -> Uploaded:
    """Note that the org confirmed that it has all data."""
    if not isinstance(remote, Uploading):
        raise TransitionError(f"no upload has begun of a part in state {remote}")
    return Uploaded(remote.id)


def mark_uploaded_twice(remote: RemoteState) -> Uploading:
    """Note that the org reports several uploads: the job accepts no other, and cannot close."""
    if isinstance(remote, Uploaded | Closing):
        return Uploading(remote.id)
    raise TransitionError(f"a part in state {remote} cannot have two uploads")


def mark_close_begun(remote: RemoteState) -> Closing:
    """Note that a close may have been sent. A job created elsewhere may be closed as it is."""
    if isinstance(remote, Created | Uploaded | Closing):
        return Closing(remote.id)
    raise TransitionError(f"cannot close a part in state {remote}")


def mark_close_not_done(remote: RemoteState) -> Uploaded:
    """Note that the org certainly did not close the job."""
    if not isinstance(remote, Closing):
        raise TransitionError(f"no close has begun of a part in state {remote}")
    return Uploaded(remote.id)


def apply_job_info(remote: RemoteState, info: JobInfo) -> InOrg:
    """Apply the org's description of the job.

    An outdated description does not undo a later state: `Open` after an effective close changes
    nothing, nor does an unfinished state after a finished one.
    """
    return apply_observation(
        remote,
        info.state,
        info.number_records_processed or 0,
        info.number_records_failed or 0,
        info.error_message,
        info.system_modstamp,
    )


def apply_observation(
    remote: RemoteState,
    state: JobState | str,
    processed: int = 0,
    failed: int = 0,
    error_message: str | None = None,
    modified: str | None = None,
) -> InOrg:
    """Apply a state and counters of the job, as the journal stores them."""
    if isinstance(remote, Unsent):
        raise TransitionError("a part without a job has no state in the org")
    if isinstance(remote, Gone):
        remote = remote.last
    if state in FINAL:
        handed_over = state != JobState.ABORTED or may_be_processed(remote)
        deleting = isinstance(remote, Ended) and remote.deleting
        return Ended(
            remote.id, state, handed_over, processed, failed, error_message, modified, deleting
        )
    if isinstance(remote, Ended) or state == JobState.OPEN:
        return remote
    return HandedOver(remote.id, state, processed, failed)


def mark_handed_over(remote: InOrg) -> InOrg:
    """Note that the job was closed once, here or elsewhere."""
    if may_be_processed(remote):
        return remote
    if isinstance(remote, Ended):
        return evolve(remote, handed_over=True)
    return HandedOver(remote.id)


def mark_removal_begun(remote: RemoteState) -> InOrg:
    """Note that the deletion of the job may have been requested."""
    if isinstance(remote, Unsent | Gone):
        raise TransitionError(f"a part in state {remote} has no job to delete")
    return evolve(remote, deleting=True) if isinstance(remote, Ended) else remote


def mark_gone(remote: RemoteState) -> Gone:
    """Note that the job is no longer in the org."""
    if isinstance(remote, Unsent):
        raise TransitionError("a part without a job cannot lose one")
    return remote if isinstance(remote, Gone) else Gone(remote)


def release(remote: RemoteState) -> Unsent:
    """Drop a job of which nothing was or will be processed."""
    aborted = isinstance(remote, Ended | Gone) and not may_be_processed(remote)
    if isinstance(remote, Unsent) or aborted:
        return Unsent()
    raise TransitionError(f"rows of a part in state {remote} may be processed")


def abandon(remote: RemoteState) -> Unsent:
    """Note that the rows will not be sent."""
    if not isinstance(remote, Unsent):
        raise TransitionError(f"a part in state {remote} has a job")
    return Unsent(abandoned=True)
