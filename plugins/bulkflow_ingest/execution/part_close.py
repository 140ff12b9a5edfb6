"""The close of a part's job, after which Salesforce processes its rows.

If the response to a close is lost, the org is asked for the job's status for as long as the job's
patience lasts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow.errors import BulkflowError, StepError
from bulkflow.model.history import IntentKind
from bulkflow_ingest.parts.remote_state import Closing
from bulkflow_ingest.parts.replay import TWO_UPLOADS
from bulkflow_jobs.job_requests import get_id, read_state
from bulkflow_jobs.job_state import JobState
from bulkflow_jobs.request_journal import Change, is_permanent, is_refused
from bulkflow_salesforce import LostResponseError, NotFoundError, SalesforceError, was_never_started

if TYPE_CHECKING:
    from bulkflow_ingest.execution.part_requests import PartRequests
    from bulkflow_ingest.parts.part_job import PartJob

_TWO_UPLOADS: Final = ("multipe contents", "multiple contents")
"""What Salesforce says when a job with two uploads is closed; the code differs (recorded)."""


class TwoUploadsError(StepError):
    """A job cannot be closed because it got more than one upload."""


@frozen
class PartClose:
    """The close of one part's job."""

    requests: PartRequests
    part: PartJob

    def run(self) -> None:
        """Close the job.

        Raises:
            TwoUploadsError: It got more than one upload, so it has to be replaced.
            HandedOverBeforeError: Another run handed the same rows over.
        """
        part, jobs = self.part, self.requests.jobs
        backoff = jobs.make_backoff()
        change = Change(
            "close",
            lambda: self.requests.api.close(get_id(part)),
            read_state,
            kind=IntentKind.HANDS_OVER,
            intend=self._hand_over if part.part is not None else None,
            on_intent=part.mark_close_begun,
            describe_error=_describe_error,
        )
        while True:
            was_closing = isinstance(part.remote, Closing)
            try:
                info = jobs.journal.send(part, change)
            except BulkflowError as error:
                if self._is_closed(error, was_closing=was_closing):
                    return
                # To close twice changes nothing, and the status may be out of date.
                if not backoff.pause(f"job {part.id} is not closed yet: {error}"):
                    raise
            else:
                jobs.update(part, info)
                return

    def _hand_over(self, detail: dict[str, object]) -> int:
        return self.requests.ledger.hand_over(self.requests.parts, self.part, detail)

    def _is_closed(self, error: BulkflowError, *, was_closing: bool) -> bool:
        """Return whether a close that failed took effect; raise the error if a retry is pointless.

        Args:
            error: The error that the close ended in.
            was_closing: Whether an earlier close of the same job got no response either.
        """
        part = self.part
        if _is_about_two_uploads(error):
            part.mark_uploaded_twice()
            raise TwoUploadsError(
                f"job {part.id} cannot be closed: {error}", help="it is aborted and replaced"
            ) from error
        if is_refused(error) and not was_closing and isinstance(part.remote, Closing):
            part.mark_close_not_done()
        may_be_closed = isinstance(error, LostResponseError | SalesforceError) and (
            isinstance(error, NotFoundError) or not was_never_started(error)
        )
        if may_be_closed:
            self.requests.refresh(part)
            if part.state != JobState.OPEN:
                return True
            if not is_permanent(error):
                return False
        raise error


def _is_about_two_uploads(error: BulkflowError) -> bool:
    return isinstance(error, SalesforceError) and any(
        words in fault.message.lower() for fault in error.faults for words in _TWO_UPLOADS
    )


def _describe_error(error: BulkflowError) -> dict[str, object]:
    return {TWO_UPLOADS: True} if _is_about_two_uploads(error) else {}
