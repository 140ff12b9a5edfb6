"""What a job does with one of its parts: create its job, upload it, close it."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow.errors import StepError
from bulkflow_ingest.api.client import JobSpec
from bulkflow_ingest.execution.part_close import PartClose, TwoUploadsError
from bulkflow_ingest.execution.part_upload import PartUpload
from bulkflow_ingest.execution.preconditions import make_rows_gone_error
from bulkflow_jobs.errors import JobGoneError
from bulkflow_jobs.notices import warn

if TYPE_CHECKING:
    from bulkflow.plugin import Context
    from bulkflow_ingest.execution.part_requests import PartRequests
    from bulkflow_ingest.parts.job_parts import JobParts
    from bulkflow_ingest.parts.part_job import PartJob


@frozen
class PartSender:
    """Sends the parts of one logical job. Each method acts on one part, on any thread."""

    context: Context
    parts: JobParts
    requests: PartRequests

    def create(self, part: PartJob) -> None:
        """Create the part's job."""
        self.requests.create(part, self._make_spec(part))

    def upload(self, part: PartJob) -> None:
        """Upload the part's rows; creates its job if it has none."""
        self._refuse_without_rows(part)
        part.check_rows()
        PartUpload(self.requests, part, partial(self._make_spec, part)).run()
        if part.window is not None:
            part.data = None
            part.window.release()

    def close(self, part: PartJob) -> None:
        """Close the part's job; a job with two uploads is replaced first."""
        try:
            PartClose(self.requests, part).run()
        except TwoUploadsError as error:
            if part.data is None:
                raise
            warn(self.context, self.parts.job, error.message, error.help)
            self.upload(part)
            PartClose(self.requests, part).run()

    def upload_and_close(self, part: PartJob) -> None:
        """Upload the part, unless it was uploaded before, and close its job."""
        if not part.uploaded:
            self.upload(part)
        self.close(part)

    def abort(self, part: PartJob) -> None:
        """Abort the part's job, if the org still has it."""
        with suppress(JobGoneError):
            self.requests.abort(part)

    def _refuse_without_rows(self, part: PartJob) -> None:
        if part.data is not None:
            return
        if self.parts.settings.streamed:
            raise make_rows_gone_error(self.parts, part, self.context)
        raise StepError(
            f"job {self.parts.job.name} has no rows to upload",
            help='add a line `from "FILE"` to it',
        )

    def _make_spec(self, part: PartJob) -> JobSpec:
        # The spec describes the format of the file, so the file must be unchanged.
        part.check_rows()
        settings = self.parts.settings
        if settings.operation is None or settings.object is None or part.data is None:
            if settings.streamed and part.data is None:
                raise make_rows_gone_error(self.parts, part, self.context)
            raise StepError(
                f"job {self.parts.job.name} does not say what to create",
                help='give it an operation and rows: `insert Account` and `from "accounts.csv"`',
            )
        return JobSpec(
            settings.object,
            settings.operation,
            settings.external_id_field,
            part.dialect.column_delimiter,
            part.dialect.line_ending,
            settings.assignment_rule,
        )
