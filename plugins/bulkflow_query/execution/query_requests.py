"""The requests that create, poll, abort and delete a query job.

A query job changes nothing in the org. So a create whose response is lost is sent again: the org
may then have a job that nobody reads, which is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow.model.history import IntentKind
from bulkflow_jobs.job_ids import JobIds
from bulkflow_jobs.job_requests import JobRequests
from bulkflow_jobs.job_responses import ExpectedJob
from bulkflow_jobs.notices import warn
from bulkflow_jobs.patience import get_patience
from bulkflow_jobs.request_journal import Change
from bulkflow_jobs.session import open_session
from bulkflow_query.api.client import QueryApi
from bulkflow_query.execution.query_job import QueryJob, RemoteQuery
from bulkflow_salesforce import LostResponseError

if TYPE_CHECKING:
    from bulkflow.plugin import Context
    from bulkflow_jobs.job_info import JobInfo
    from bulkflow_query.execution.query_job import LogicalQuery


@frozen
class QueryRequests:
    """The requests about the job of one logical query job."""

    api: QueryApi
    context: Context
    query: LogicalQuery
    jobs: JobRequests[QueryJob]

    @classmethod
    def connect(cls, context: Context, query: LogicalQuery) -> QueryRequests:
        """Connect to the org of a query."""
        patience = get_patience(context, query.settings.patience)
        ids = JobIds.of(context, query.job)
        expected = ExpectedJob(query.settings.operation, ids=ids)
        api = QueryApi(open_session(context), expected).with_patience(patience)
        return cls(api, context, query, JobRequests(api, context, query, patience, _describe_loss))

    def create(self) -> None:
        """Create the job in the org. Pages of an earlier one are dropped, as in a replay."""
        settings, job = self.query.settings, self.query.remote
        backoff = self.jobs.make_backoff()
        change = Change(
            "create",
            lambda: self.api.create(settings.query, settings.operation),
            _read_id,
            kind=IntentKind.CREATES,
        )
        job.remote = RemoteQuery()
        self.query.pages.clear()
        while True:
            try:
                info = self.jobs.journal.send(job, change)
            except LostResponseError as error:
                warn(
                    self.context,
                    self.query.job,
                    f"no response to creating the query job: {error}",
                    "the org may have a query job that nobody reads; it changes nothing, and "
                    "Salesforce removes it after seven days",
                )
                if not backoff.pause("the query job is not created yet"):
                    raise
            else:
                job.remote = RemoteQuery(info.id)
                self.jobs.update(job, info)
                return


def _read_id(info: JobInfo) -> dict[str, object]:
    return {"id": info.id}


def _describe_loss(_: QueryJob) -> str:
    return "; `extract` runs the query again"
