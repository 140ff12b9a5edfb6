"""The requests that every kind of job in an org has: read its status, abort it, delete it.

If the response to an abort or a delete is lost, the org is asked for the job's status for as long
as the logical job's patience lasts. A status request that fails says nothing about the job.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NoReturn, TypeVar

from attrs import astuple, frozen

from bulkflow.errors import StepError
from bulkflow_jobs.errors import JobGoneError, JobStatusError
from bulkflow_jobs.patience import Backoff
from bulkflow_jobs.request_journal import Change, RequestJournal, is_permanent
from bulkflow_jobs.tracked_job import JobResponse, TrackedJob
from bulkflow_salesforce import (
    LostResponseError,
    NotFoundError,
    OrgError,
    SalesforceError,
    is_transient,
    was_never_started,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkflow.plugin import Context
    from bulkflow_jobs.tracked_job import JobApi, JobGroup

J = TypeVar("J", bound=TrackedJob)


@frozen
class JobRequests(Generic[J]):
    """Reads and changes the jobs in the org that make up one logical job.

    Attributes:
        api: The requests of their kind of job.
        context: The step's context.
        group: The logical job.
        patience: How long to wait out temporary trouble, in seconds.
        explain_loss: Returns what to say about the rows of a job that is gone from the org.
    """

    api: JobApi
    context: Context
    group: JobGroup[J]
    patience: float
    explain_loss: Callable[[J], str]

    @property
    def journal(self) -> RequestJournal:
        """The journal of the changes."""
        return RequestJournal(self.context, self.group.job.key)

    def make_backoff(self) -> Backoff:
        """Make the pauses between the attempts at one request."""
        return Backoff(self.context, self.patience, self.group.job.key)

    def abort(self, job: J) -> None:
        """Abort a job, unless it has finished."""
        backoff = self.make_backoff()
        id_ = get_id(job)
        while True:
            try:
                info = self.journal.send(
                    job, Change("abort", lambda: self.api.abort(id_), read_state)
                )
            except (LostResponseError, SalesforceError) as error:
                if was_never_started(error) and not isinstance(error, NotFoundError):
                    raise
                self.refresh(job)
                if job.is_final:
                    return
                if is_permanent(error) or not backoff.pause(
                    f"job {id_} is not aborted yet: {error}"
                ):
                    raise
            else:
                self.update(job, info)
                return

    def delete(self, job: J) -> None:
        """Delete a job and its results from the org."""
        id_, counts = get_id(job), job.counts
        backoff = self.make_backoff()
        detail = {"counts": list(astuple(counts))}
        while True:
            try:
                self.journal.send(
                    job, Change("delete", lambda: self.api.delete(id_), detail=detail)
                )
            except LostResponseError as error:
                if not backoff.pause(f"job {id_} may or may not have been deleted: {error}"):
                    raise
            except NotFoundError:
                # Deleted by a request whose response was lost, or by somebody else.
                break
            else:
                break
        job.mark_gone()
        job.counted = counts

    def refresh(self, job: J) -> None:
        """Ask the org for the status of a job.

        Raises:
            JobGoneError: The org no longer has it.
            JobStatusError: The org did not answer.
        """
        id_ = get_id(job)
        try:
            info = self.api.info(id_)
        except NotFoundError as error:
            self._miss(job, error)
        except OrgError as error:
            resume = self.context.format_command("resume")
            raise JobStatusError(
                f"the status of job {id_} could not be read: {error.message}",
                help=f"the job was not changed; `{resume}` checks it again"
                + (f"; {error.help}" if error.help and not is_transient(error) else ""),
                notes=error.notes,
            ) from error
        else:
            self.update(job, info)

    def update(self, job: J, info: JobResponse) -> None:
        """Update a job from a response, and record its state if that changed."""
        before = job.remote
        job.refresh(info)
        self.group.update(job)
        if job.remote != before:
            self.journal.record_state(job, info)

    def _miss(self, job: J, error: NotFoundError) -> NoReturn:
        job.mark_gone()
        self.group.update(job)
        raise JobGoneError(
            f"job {job.id} is not in this org",
            help="somebody deleted it, it is older than seven days, or it belongs to another org"
            + self.explain_loss(job),
            notes=[error.message],
        ) from error


def get_id(job: TrackedJob) -> str:
    """Return the id of a job. Raises `StepError` if it was not created."""
    if job.id is None:
        raise StepError(f"job {job.number + 1} was not created in the org", help="create it first")
    return job.id


def read_state(info: JobResponse) -> dict[str, object]:
    """Return what the journal records of a response that gives a job's state."""
    return {"state": str(info.state)}
