"""The remote state of a part: what its job in the org has come to, as one frozen value.

A state changes by the functions of this module only, each named for what happened. None leads back
from a state in which rows may have been handed over to one in which they are not sent: whatever a
later look says, such rows are never sent a second time by the same part.

    Unsent -> Created -> Uploading -> Uploaded -> Closing -> HandedOver -> Ended -> Gone

An upload that was begun and not answered stays `Uploading`: its job takes no other, and is aborted
and replaced. A close that was sent and not answered stays `Closing`: the org may process the rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, assert_never

from attrs import evolve, frozen

from bulkflow.model.part import Counts
from bulkflow_ingest.api.job_info import FINAL, JobState

if TYPE_CHECKING:
    from bulkflow_ingest.api.job_info import JobInfo


class TransitionError(ValueError):
    """Something cannot happen to a part in its state; a fault of the caller."""


@frozen
class Unsent:
    """The part has no job in the org that is of any use."""

    abandoned: bool = False
    """Whether its rows were given up, so that nobody is going to send them."""


@frozen
class Created:
    """Its job is open, and no upload into it was begun."""

    id: str


@frozen
class Uploading:
    """An upload into its job was begun and is not known to be complete: the job takes no other."""

    id: str


@frozen
class Uploaded:
    """All its data is in the org. Nothing is processed before the job is closed."""

    id: str


@frozen
class Closing:
    """A close was sent, and it is not known whether it took effect."""

    id: str


@frozen
class HandedOver:
    """Its job was closed and is not finished. The counters are the last ones that were seen."""

    id: str
    state: JobState | str = JobState.UPLOAD_COMPLETE
    processed: int = 0
    failed: int = 0


@frozen
class Ended:
    """Its job is finished: complete, failed or aborted.

    Attributes:
        id: The job.
        state: One of `FINAL`.
        handed_over: Whether rows of it may have been processed; not where it was aborted open.
        processed: How many rows the org says that it processed, failures included.
        failed: How many of these failed.
        error_message: Why it failed as a whole, if it did.
        modified: The `systemModstamp` of the last look, as the org wrote it.
        deleting: Whether its removal was asked for, and may have been done.
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
    """Its job is not in the org any more; `last` is how it was when it was seen last."""

    last: Created | Uploading | Uploaded | Closing | HandedOver | Ended

    @property
    def id(self) -> str:
        """The job that it was."""
        return self.last.id


RemoteState: TypeAlias = (
    Unsent | Created | Uploading | Uploaded | Closing | HandedOver | Ended | Gone
)
InOrg: TypeAlias = Created | Uploading | Uploaded | Closing | HandedOver | Ended

# --------------------------------------------------------------------------------- questions


def may_be_processed(remote: RemoteState) -> bool:
    """Whether rows may have been handed over for processing, now or ever."""
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
    """The state of the job as the API names it; None where there is no job."""
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
    """How many rows the org was seen to have processed, and how many of these failed."""
    match remote:
        case HandedOver() | Ended():
            return remote.processed, remote.failed
        case Gone():
            return get_counters(remote.last)
        case _:
            return 0, 0


def count_rows(remote: RemoteState, rows: int) -> Counts:
    """What became of the part's rows as far as the job's own counters tell.

    Rows are processed, failures included; they tell the loaded ones only of a complete job (live
    test of a client of Salesforce's own, 10,000 rows with 5,000 failures). Of a job that failed or
    was aborted the result files tell. Counters of more rows than were sent are of other rows too,
    so they tell nothing.
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
    # At least so many: what was processed after the last look is not known.
    return Counts(rows, processed - failed, failed, unknown=rows - processed)


# ------------------------------------------------------------------------------- transitions


def mark_created(remote: RemoteState, job: str) -> Created:
    """A job was created for the part."""
    if not isinstance(remote, Unsent):
        raise TransitionError(f"a part that is {remote} gets no other job")
    return Created(job)


def mark_upload_begun(remote: RemoteState) -> Uploading:
    """The first byte of an upload may have left."""
    if not isinstance(remote, Created):
        raise TransitionError(f"a part that is {remote} takes no upload")
    return Uploading(remote.id)


def mark_upload_not_begun(remote: RemoteState) -> Created:
    """The upload certainly did not reach the job."""
    if not isinstance(remote, Uploading):
        raise TransitionError(f"no upload of a part that is {remote} was begun")
    return Created(remote.id)


def mark_uploaded(remote: RemoteState) -> Uploaded:
    """The org answered that it has all data."""
    if not isinstance(remote, Uploading):
        raise TransitionError(f"no upload of a part that is {remote} was begun")
    return Uploaded(remote.id)


def mark_uploaded_twice(remote: RemoteState) -> Uploading:
    """The org says that the job got more than one upload: it takes no other, and cannot close."""
    if isinstance(remote, Uploaded | Closing):
        return Uploading(remote.id)
    raise TransitionError(f"a part that is {remote} cannot have two uploads")


def mark_close_begun(remote: RemoteState) -> Closing:
    """A close may have left. A job of others may be closed as it was found."""
    if isinstance(remote, Created | Uploaded | Closing):
        return Closing(remote.id)
    raise TransitionError(f"a part that is {remote} cannot be closed")


def mark_close_not_done(remote: RemoteState) -> Uploaded:
    """The org certainly did not close the job."""
    if not isinstance(remote, Closing):
        raise TransitionError(f"no close of a part that is {remote} was begun")
    return Uploaded(remote.id)


def apply_job_info(remote: RemoteState, info: JobInfo) -> InOrg:
    """The org told how the job is.

    What is known already is not taken back by a look that is behind: `Open` after a close that
    took effect changes nothing, nor does an unfinished state after a finished one.
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
    """The same as `seen` from single facts, as the journal keeps them."""
    if isinstance(remote, Unsent):
        raise TransitionError("a part without a job cannot be seen")
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
    """The job was seen to be closed once, whoever closed it."""
    if may_be_processed(remote):
        return remote
    if isinstance(remote, Ended):
        return evolve(remote, handed_over=True)
    return HandedOver(remote.id)


def mark_removal_begun(remote: RemoteState) -> InOrg:
    """The removal of the job may have been asked for."""
    if isinstance(remote, Unsent | Gone):
        raise TransitionError(f"a part that is {remote} has no job to remove")
    return evolve(remote, deleting=True) if isinstance(remote, Ended) else remote


def mark_gone(remote: RemoteState) -> Gone:
    """The job is not in the org any more."""
    if isinstance(remote, Unsent):
        raise TransitionError("a part without a job cannot lose it")
    return remote if isinstance(remote, Gone) else Gone(remote)


def release(remote: RemoteState) -> Unsent:
    """The job is of no more use, and nothing of it was or will be processed."""
    aborted = isinstance(remote, Ended | Gone) and not may_be_processed(remote)
    if isinstance(remote, Unsent) or aborted:
        return Unsent()
    raise TransitionError(f"rows of a part that is {remote} may be processed")


def abandon(remote: RemoteState) -> Unsent:
    """Nobody is going to send the rows."""
    if not isinstance(remote, Unsent):
        raise TransitionError(f"a part that is {remote} has a job")
    return Unsent(abandoned=True)
