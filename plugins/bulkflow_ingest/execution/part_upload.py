"""The upload of a part, into another job if the first one may already hold some of the data.

A job takes one upload. If an upload gets no success response, its job may hold the data. Such a job
is aborted and replaced: nothing of a job is processed before it is closed, so no row is loaded
twice.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow.errors import BulkflowError, DataError, StepError, UsageError
from bulkflow_ingest.execution.part_body import GzipRefusedError, send_body
from bulkflow_jobs.errors import JobGoneError
from bulkflow_jobs.request_journal import Change
from bulkflow_salesforce import OrgError, SalesforceError, was_never_started

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkflow_ingest.api.client import JobSpec
    from bulkflow_ingest.execution.part_requests import PartRequests
    from bulkflow_ingest.parts.part_job import PartJob
    from bulkflow_jobs.patience import Backoff

MAX_REFUSALS: Final = 2
"""Jobs that a part gets if the org refuses its upload: the data itself may be the reason."""

_TOO_LARGE: Final = 413


@frozen
class PartUpload:
    """The upload of one part.

    Attributes:
        requests: The requests about the parts of the job.
        part: The part.
        make_spec: Returns what its job is created with.
    """

    requests: PartRequests
    part: PartJob
    make_spec: Callable[[], JobSpec]

    def run(self) -> None:
        """Upload the part; creates its job if it has none.

        A job that this run did not create is not replaced: it gets one attempt.
        """
        part, backoff, refusals = self.part, self.requests.make_backoff(), 0
        while True:
            if part.is_partly_uploaded:
                self._release_job()
            if part.id is None:
                self.requests.create(part, self.make_spec())
            try:
                self._send_once()
            except OrgError as error:
                refusals += isinstance(error, SalesforceError)
                if not part.is_partly_uploaded:
                    raise
                if refusals >= MAX_REFUSALS or not self._may_replace_job(error, backoff):
                    self._abort_job(error)
                    raise
            except GzipRefusedError:
                if not self.requests.owns_jobs:
                    raise
            else:
                return

    def _send_once(self) -> None:
        """Send the data into the job, once. Leaves the part uploaded, spoilt or unchanged."""
        part, requests = self.part, self.requests
        assert part.id is not None
        part.mark_upload_begun()
        send = partial(send_body, requests.api, requests.context, requests.parts, part, part.id)
        try:
            requests.jobs.journal.send(part, Change("upload", send, is_refused=_never_left))
        except DataError as error:
            part.sent = 0
            self._abort_job(error)
            raise
        except BulkflowError as error:
            part.sent = 0
            if _never_left(error):
                part.mark_upload_not_begun()
            raise
        except BaseException:
            part.sent = 0
            raise
        part.mark_uploaded()

    def _may_replace_job(self, error: OrgError, backoff: Backoff) -> bool:
        """Return whether another job may take the data of a spoilt one; pauses if so."""
        if isinstance(error, SalesforceError) and error.status == _TOO_LARGE:
            return False
        return self.requests.owns_jobs and backoff.pause(
            f"job {self.part.id} may hold the data although its upload was not confirmed "
            f"({error}); it is aborted and replaced, so that no row is loaded twice"
        )

    def _abort_job(self, error: BulkflowError) -> None:
        """Abort the job of an upload that cannot be completed; add the outcome to the error."""
        if not self.requests.owns_jobs:
            return
        try:
            self._release_job()
        except BulkflowError as second:
            error.notes += (f"job {self.part.id} could not be aborted: {second}",)
        else:
            error.notes += ("its job was aborted: nothing of it is loaded",)

    def _release_job(self) -> None:
        """Abort a job that may hold some of the data, so that the part gets another."""
        part = self.part
        if not self.requests.owns_jobs:
            raise StepError(
                f"job {part.id} may hold the rows already: an upload into it was started",
                help="a job takes one upload; abort it in the org, and load the rows with a job "
                "that bulkflow creates",
            )
        # Nothing of a job is processed before it is closed, so it may be gone.
        with suppress(JobGoneError):
            self.requests.abort(part)
        if part.handed_over or (part.in_org and not part.is_final):
            raise StepError(
                f"job {part.id} should be aborted, but it is {part.state}",
                help="somebody else works on this job; look at it in the org before you continue",
            )
        part.release(abandon=False)


def _never_left(error: BulkflowError) -> bool:
    """Return whether nothing of an upload that failed can have reached its job."""
    return isinstance(error, UsageError) or was_never_started(error)
