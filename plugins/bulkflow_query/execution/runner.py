"""Executes steps on a query job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow.errors import StepError, UsageError
from bulkflow.model.event import Notice, Shown
from bulkflow.model.job_phase import Phase
from bulkflow_jobs.errors import JobGoneError, JobStatusError
from bulkflow_jobs.job_state import UNSUCCESSFUL_STATES, JobState
from bulkflow_jobs.notices import warn
from bulkflow_jobs.poll_schedule import PollSchedule
from bulkflow_jobs.watch import Watch
from bulkflow_query.execution.query_job import LogicalQuery, QueryJob
from bulkflow_query.execution.query_requests import QueryRequests
from bulkflow_query.settings import find_reason_for_rest

if TYPE_CHECKING:
    from pathlib import Path

    from bulkflow.plugin import Context, Job

MAX_RUNS: Final = 4
"""How often one `extract` runs its query, if the org keeps losing the result."""


@frozen
class QueryRunner:
    """Executes the steps of one logical query job."""

    context: Context
    query: LogicalQuery
    requests: QueryRequests

    @classmethod
    def connect(cls, context: Context, job: Job) -> QueryRunner:
        """Make the runner of a job that was prepared, and connect to its org."""
        query = LogicalQuery.of(job)
        return cls(context, query, QueryRequests.connect(context, query))

    @property
    def job(self) -> Job:
        """The logical job."""
        return self.query.job

    def create(self) -> None:
        """Create the job in the org, unless an earlier attempt did.

        Raises:
            UsageError: The query goes over REST, which has no jobs.
        """
        reason = find_reason_for_rest(self.query.settings)
        if reason is not None:
            raise UsageError(
                f"job {self.job.name} has no job in the org: its query goes over REST, because "
                f"{reason}",
                help=f"`extract job {self.job.name}` runs the query",
            )
        if not self._refresh_restored() or self.query.remote.state in UNSUCCESSFUL_STATES:
            self.requests.create()
        self.job.phase = Phase.CLOSED

    def wait(self, timeout: float | None = None, interval: float | None = None) -> None:
        """Poll until the job has finished.

        Raises:
            StepError: It failed or was aborted, or the wait timed out and it continues in the org.
        """
        self.query.is_restored = False
        self._poll(timeout, interval)
        self.job.phase = Phase.FINISHED
        self.refuse_incomplete()

    def extract(self, path: Path | None) -> None:
        """Run the query and fetch its rows, or continue what an earlier attempt began.

        Raises:
            StepError: The query failed, or its result cannot be fetched or saved.
        """
        if find_reason_for_rest(self.query.settings) is not None:
            from bulkflow_query.execution.rest_extraction import RestExtraction

            RestExtraction(self.context, self.query, path).run()
        else:
            from bulkflow_query.execution.extraction import Extraction

            Extraction(self, path).run()
        self.job.phase = Phase.FINISHED

    def abort(self) -> None:
        """Abort the job if it is unfinished."""
        if isinstance(self.context.failure, JobStatusError):
            # As for loads: a job whose status is unknown may be running as it should.
            warn(
                self.context,
                self.job,
                f"job {self.job.name} is not aborted because its status could not be read",
            )
            return
        job = self.query.remote
        if job.in_org and not job.is_final:
            self.requests.jobs.abort(job)
        self.query.is_extracting = False
        if self.job.phase is not Phase.FINISHED:
            self.job.phase = Phase.ABORTED

    def show(self) -> None:
        """Show the job's properties."""
        job = self.query.remote
        if job.id is None or not job.in_org:
            self.context.emit(Notice(f"job {self.job.name} is not in the org", job=self.job.key))
            return
        info = self.requests.api.info(job.id)
        self.context.emit(Shown(f"job {self.job.name}", info.properties, self.job.key))

    def delete(self) -> None:
        """Delete the job and its result from the org."""
        job = self.query.remote
        if job.in_org:
            self.requests.jobs.delete(job)
        self.job.phase = Phase.DELETED

    def _refresh_restored(self) -> bool:
        """Return whether the org has a job, which may be of an earlier attempt."""
        job = self.query.remote
        if job.id is None or not job.in_org:
            return False
        if self.query.is_restored:
            self.query.is_restored = False
            try:
                self.requests.jobs.refresh(job)
            except JobGoneError:
                return False
        return True

    def ensure_created(self) -> None:
        """Create the job unless the org has one whose result can be used."""
        had = self.query.remote.id
        if self._refresh_restored() and self.query.remote.state not in UNSUCCESSFUL_STATES:
            return
        if had is not None:
            state = self.query.remote.state if self.query.remote.in_org else None
            became = "is gone from the org" if state is None else f"is {state}"
            message = f"job {had} {became}, so the query of job {self.job.name} is run again"
            self.context.emit(Notice(message, job=self.job.key))
        self.requests.create()

    def _poll(self, timeout: float | None, interval: float | None) -> None:
        job = self.query.remote
        if job.id is None:
            raise StepError(
                f"job {self.job.name} is not in the org, so there is nothing to wait for",
                help="create it first",
            )
        clock = self.context.clock
        began = clock.monotonic()
        schedule = PollSchedule.of(self.context)
        with Watch[QueryJob](schedule, self.context, self.job, interval) as watch:
            watch.add([job])
            while watch.is_waiting:
                due = watch.next_poll
                now = clock.monotonic()
                if due is not None and due > now:
                    end = due if timeout is None else min(due, began + timeout)
                    self.context.sleep(max(0.0, end - now))
                late = timeout is not None and clock.monotonic() - began >= timeout
                for each in watch.take_due(clock.monotonic(), take_all=late):
                    self.requests.jobs.refresh(each)
                    watch.note_poll(each)
                if late and watch.is_waiting:
                    raise watch.make_timeout_error(clock.monotonic() - began)

    def refuse_incomplete(self) -> None:
        """Raise `StepError` if the job ended without completing."""
        job = self.query.remote
        if job.state == JobState.ABORTED:
            raise StepError(
                f"job {self.job.name} did not complete: job {job.id} was aborted",
                help="somebody aborted it in the org; run the file again",
            )
        if job.state == JobState.FAILED:
            raise StepError(
                f"job {self.job.name} did not complete: job {job.id} failed, and Salesforce gives "
                "no reason for query jobs",
                help=_advise_on_failure(self.query),
            )


def _advise_on_failure(query: LogicalQuery) -> str:
    """Return the help for a query that failed: most time out."""
    from bulkflow_soql.features import prevents_chunking

    clause = prevents_chunking(query.settings.parse())
    if clause is not None:
        return (
            f"it probably timed out (QUERY_TIMEOUT): remove {clause}, which keeps Salesforce from "
            "dividing the query by ids"
        )
    return (
        "it probably timed out (QUERY_TIMEOUT): compare an indexed field with a constant, such as "
        "`WHERE CreatedDate > 2024-01-01T00:00:00Z`, avoid != and LIKE '%…', and divide the query "
        "into several jobs"
    )
