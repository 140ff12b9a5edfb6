"""Asks the org how the parts of a job are: those that run, and those of an earlier attempt."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow.errors import BulkflowError, RunInterruptedError
from bulkflow.model.event import Notice, NoticeLevel
from bulkflow_ingest.info import JobState
from bulkflow_ingest.recovery import name_orphans
from bulkflow_ingest.requests import GoneError

if TYPE_CHECKING:
    from bulkflow.plugin import Context
    from bulkflow_ingest.parts import JobParts, PartJob
    from bulkflow_ingest.requests import Requests


@frozen
class Asking:
    """Questions to the org; none of them changes anything there."""

    context: Context
    parts: JobParts
    requests: Requests

    def look(self, part: PartJob) -> None:
        """Ask how a part is that is waited for."""
        # Whoever waits is told of one that is gone with the parts that failed.
        with suppress(GoneError):
            self.requests.refresh(part)

    def ask_again(self, part: PartJob) -> None:
        """Ask how a part is that an earlier attempt worked on.

        One of which nothing was processed, and never will be, is renewed.
        """
        others = self.parts.settings.existing is not None
        try:
            self.requests.refresh(part)
        except GoneError:
            if others:
                raise
            # Of a job that was not closed nothing was processed. That one which was is gone, is
            # for the steps to say that need it.
            if not part.handed_over and not part.deleting:
                self.parts.renew(part)
        else:
            if part.state == JobState.ABORTED and not part.handed_over and not others:
                self.parts.renew(part)

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
