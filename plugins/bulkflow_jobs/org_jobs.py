"""The jobs of all users of an org: listed, read, aborted and deleted."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow_jobs.job_responses import ExpectedJob, read_job, read_page
from bulkflow_jobs.job_state import JobState
from bulkflow_jobs.response_bounds import MAX_JOBS, MAX_LIST_BYTES, MAX_PAGES
from bulkflow_salesforce import BadResponseError, Call
from bulkflow_salesforce.http.bounds import LIST_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bulkflow_jobs.job_info import JobInfo, JobPage
    from bulkflow_salesforce import Session


class JobResource(Enum):
    """A kind of job: the last word of the path of its resource."""

    INGEST = "ingest"
    QUERY = "query"

    @property
    def job_type(self) -> str:
        """Its `jobType` in the words of the API."""
        return "V2Ingest" if self is JobResource.INGEST else "V2Query"


@frozen
class OrgJobs:
    """The jobs of one kind. Methods raise the errors of `Session`.

    Attributes:
        session: The session with the org.
        resource: Their kind.
    """

    session: Session
    resource: JobResource

    def info(self, job: str) -> JobInfo:
        """GET a job's properties."""
        return read_job(self.session.get(self._path(job)), ExpectedJob(), job)

    def abort(self, job: str) -> JobInfo:
        """PATCH a job to Aborted."""
        response = self.session.patch_json(self._path(job), {"state": JobState.ABORTED.value})
        return read_job(response, ExpectedJob(), job)

    def delete(self, job: str) -> None:
        """DELETE a finished job, with its data and results."""
        self.session.delete(self._path(job))

    def list(self, page: str | None = None) -> JobPage:
        """GET the first page of the org's jobs of this kind, or the page with the given path."""
        if page is None:
            path, query = self._path(), {"jobType": self.resource.job_type}
        else:
            path, query = self.session.resolve(page), {}
        return read_page(self.session.get(path, query=query, limit=LIST_BYTES))

    def jobs(self, checkpoint: Callable[[], None] = lambda: None) -> Iterator[JobInfo]:
        """GET the jobs of this kind of all users of the org, page by page.

        The list ends with the page that the org marks as the last one, that names no next page, or
        that names one that was read.

        Args:
            checkpoint: Called before each page; raises to end the list.

        Raises:
            BadResponseError: The list is longer than an org's can be.
        """
        seen: set[str | None] = set()
        link: str | None = None
        jobs = size = 0
        while link not in seen:
            self._refuse_endless(len(seen), jobs, size)
            seen.add(link)
            checkpoint()
            page = self.list(link)
            yield from page.jobs
            if page.done or page.next is None:
                return
            jobs, size = jobs + len(page.jobs), size + page.size
            link = page.next

    def _refuse_endless(self, pages: int, jobs: int, size: int) -> None:
        if pages < MAX_PAGES and jobs < MAX_JOBS and size < MAX_LIST_BYTES:
            return
        call = Call("GET", self._path(), self.session.address.host)
        raise BadResponseError(
            f"{call.host} gives an endless list of jobs: {jobs:,} jobs in {pages:,} pages "
            f"of {size:,} bytes",
            call=call,
            help="name a job by its id instead, as in `bulkflow jobs show ID`",
        )

    def _path(self, *segments: str) -> str:
        return self.session.build_path("jobs", self.resource.value, *segments)
