"""The transitions between remote states of a part, each named for what happened.

Once rows may have been handed over, no transition leads back to a state in which they can be sent:
whatever the org reports later, a part never sends its rows a second time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from bulkflow_ingest.parts.remote_state import (
    Closing,
    Created,
    Ended,
    Gone,
    HandedOver,
    Unsent,
    Uploaded,
    Uploading,
    may_be_processed,
)
from bulkflow_jobs.job_state import FINAL_STATES, JobState

if TYPE_CHECKING:
    from bulkflow_ingest.parts.remote_state import InOrg, RemoteState
    from bulkflow_jobs.job_info import JobInfo


class TransitionError(ValueError):
    """A transition is not possible in the state of a part. This is a bug in the caller."""


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
    if state in FINAL_STATES:
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


def mark_deletion_begun(remote: RemoteState) -> InOrg:
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
