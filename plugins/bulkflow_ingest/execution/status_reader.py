"""Reads the status of a job's parts from the org, without changing anything there."""

from __future__ import annotations

from contextlib import suppress
from math import inf
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from bulkflow.errors import BulkflowError, RunInterruptedError
from bulkflow_ingest.execution.orphans import report_orphans
from bulkflow_jobs.errors import JobGoneError
from bulkflow_jobs.job_state import JobState
from bulkflow_jobs.notices import warn

if TYPE_CHECKING:
    from bulkflow.plugin import Context
    from bulkflow_ingest.execution.part_requests import PartRequests
    from bulkflow_ingest.parts.job_parts import JobParts
    from bulkflow_ingest.parts.part_job import PartJob


@frozen
class StatusReader:
    """Reads the status of the parts of one logical job."""

    context: Context
    parts: JobParts
    requests: PartRequests

    def limit(self, seconds: float | None) -> StatusReader:
        """Return a reader that retries for so long, whatever the job's patience; None for ever."""
        if seconds is None:
            return self
        until = self.context.clock.monotonic() + seconds
        return evolve(self, requests=self.requests.with_patience(inf, until=until))

    def poll(self, part: PartJob) -> None:
        """Read the status of a part that a step waits for.

        Raises:
            JobStatusError: The org did not answer.
        """
        # The step reports the jobs that are gone when all parts have finished.
        with suppress(JobGoneError):
            self.requests.refresh(part)

    def refresh_restored(self, part: PartJob) -> None:
        """Read the status of a part from an earlier attempt at the run.

        The part is released if nothing of its job was or will be processed.

        Raises:
            JobGoneError: A job that this run did not create is gone, and was not closed.
            JobStatusError: The org did not answer.
        """
        try:
            self.requests.refresh(part)
        except JobGoneError:
            # The steps that need a closed job report that it is gone.
            if not self.requests.owns_jobs and not part.handed_over:
                raise
        ended = part.deleted or part.state == JobState.ABORTED
        if ended and not part.handed_over and self.requests.owns_jobs:
            part.release()

    def report_orphans(self) -> None:
        """Warn about jobs that creates without a response may have left in the org."""
        try:
            report_orphans(self.requests.api, self.context, self.parts)
        except RunInterruptedError:
            raise
        except BulkflowError as error:
            warn(
                self.context,
                self.parts.job,
                f"this run may have left empty jobs in the org, and they cannot be listed: {error}",
                "Salesforce processes nothing of them, and removes them after seven days",
            )
