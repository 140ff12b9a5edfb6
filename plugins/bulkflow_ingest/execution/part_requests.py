"""The requests that create, abort, delete and poll the jobs of parts.

Each change is recorded before it is sent. A change whose response is lost may have been made, so it
is not simply sent again. A lost *create* leaves an empty job at worst, which is never used: another
job is created once the org responds again. `part_upload.py` and `part_close.py` say the same of
their requests.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from bulkflow.model.history import IntentKind
from bulkflow_jobs.job_requests import JobRequests
from bulkflow_jobs.notices import warn
from bulkflow_jobs.patience import Backoff, get_patience
from bulkflow_jobs.request_journal import Change
from bulkflow_salesforce import LostResponseError

if TYPE_CHECKING:
    from bulkflow.plugin import Context
    from bulkflow_ingest.api.client import IngestApi, JobSpec
    from bulkflow_ingest.parts.job_parts import JobParts
    from bulkflow_ingest.parts.ledger import Ledger
    from bulkflow_ingest.parts.part_job import PartJob
    from bulkflow_jobs.job_info import JobInfo


@frozen
class PartRequests:
    """The requests about the parts of one logical job, with the journal and ledger of them."""

    api: IngestApi
    context: Context
    parts: JobParts
    ledger: Ledger

    @property
    def jobs(self) -> JobRequests[PartJob]:
        """The requests that ingest jobs share with other jobs."""
        return JobRequests(
            self.api,
            self.context,
            self.parts,
            get_patience(self.context, self.parts.settings.patience),
            _describe_loss,
        )

    @property
    def owns_jobs(self) -> bool:
        """Whether this run creates the jobs; if not, the pipeline names an existing one."""
        return self.parts.settings.existing is None

    def with_patience(self, seconds: float, *, until: float = inf) -> PartRequests:
        """Return the same requests with another patience (see `Session.patient`)."""
        return evolve(self, api=self.api.with_patience(seconds, until=until))

    def make_backoff(self) -> Backoff:
        """Make the pauses between the attempts at one request."""
        return self.jobs.make_backoff()

    def create(self, part: PartJob, spec: JobSpec) -> None:
        """Create the part's job in the org."""
        backoff, journal = self.make_backoff(), self.jobs.journal
        change = Change("create", lambda: self.api.create(spec), _read_id, kind=IntentKind.CREATES)
        while True:
            began = self.context.clock.time()
            try:
                info = journal.send(part, change)
            except LostResponseError as error:
                part.orphaned_at = part.orphaned_at or began
                warn(
                    self.context,
                    self.parts.job,
                    f"no response to creating a job for part {part.number + 1}: {error}",
                    "an empty job may stay open in the org; Salesforce processes nothing of it",
                )
                if not backoff.pause(f"creating another job for part {part.number + 1}"):
                    raise
                # Otherwise each attempt while the org is in trouble may leave another empty job.
                self.api.with_patience(backoff.left).check_connection()
            else:
                part.mark_created(info)
                self.parts.update(part)
                journal.record_state(part, info)
                return

    def abort(self, part: PartJob) -> None:
        """Abort the part's job, unless it has finished."""
        self.jobs.abort(part)

    def delete(self, part: PartJob) -> None:
        """Delete the part's job and its results from the org."""
        self.jobs.delete(part)

    def refresh(self, part: PartJob) -> None:
        """Ask the org for the status of the part's job.

        Raises:
            JobGoneError: The org no longer has it.
            JobStatusError: The org did not answer.
        """
        self.jobs.refresh(part)


def _read_id(info: JobInfo) -> dict[str, object]:
    return {"id": info.id}


def _describe_loss(part: PartJob) -> str:
    processed = f"at least {part.processed:,} of its rows were processed; " * bool(part.processed)
    return f"; {processed}rows that were processed stay loaded"
