"""Looks: questions to the org about the parts of a job. None of them changes anything there."""

from __future__ import annotations

from contextlib import suppress
from math import inf
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from bulkflow.errors import BulkflowError, RunInterruptedError
from bulkflow.model.event import Notice, NoticeLevel
from bulkflow_ingest.api.job_info import JobState
from bulkflow_ingest.execution.journaled_requests import GoneError
from bulkflow_ingest.execution.orphans import name_orphans

if TYPE_CHECKING:
    from bulkflow.plugin import Context
    from bulkflow_ingest.execution.journaled_requests import Requests
    from bulkflow_ingest.parts.job_parts import JobParts
    from bulkflow_ingest.parts.part_job import PartJob


@frozen
class Asking:
    """Asks the org how the parts of a job are."""

    context: Context
    parts: JobParts
    requests: Requests

    def within(self, seconds: float | None) -> Asking:
        """Look for as long as a step has, whatever the job's patience; None for no limit."""
        if seconds is None:
            return self
        until = self.context.clock.monotonic() + seconds
        return evolve(self, requests=self.requests.patient(inf, until=until))

    def look(self, part: PartJob) -> None:
        """Ask how a part is that is waited for. Raises `UnseenError`."""
        # The step says which jobs are gone when all parts have finished.
        with suppress(GoneError):
            self.requests.refresh(part)

    def ask_again(self, part: PartJob) -> None:
        """Ask how a part is that an earlier attempt worked on.

        One of which nothing was processed, and never will be, is released.

        Raises:
            GoneError: A job that others made is gone, and was not closed.
            UnseenError: The org does not say.
        """
        others = self.parts.settings.existing is not None
        try:
            self.requests.refresh(part)
        except GoneError:
            # That a job is gone which was closed, is for the steps to say that need it.
            if others and not part.handed_over:
                raise
        ended = part.deleted or part.state == JobState.ABORTED
        if ended and not part.handed_over and not others:
            part.release()

    def name_orphans(self) -> None:
        """Name the jobs in the org that may be ours; that this fails is no reason to stop."""
        try:
            name_orphans(self.requests.api, self.context, self.parts)
        except RunInterruptedError:
            raise
        except BulkflowError as error:
            self.context.emit(
                Notice(
                    f"empty jobs of this run may be left in the org, and cannot be listed: {error}",
                    NoticeLevel.WARNING,
                    job=self.parts.job.key,
                    help="nothing of them is processed; Salesforce removes them after seven days",
                )
            )
