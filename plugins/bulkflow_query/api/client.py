"""The requests of Bulk API 2.0 query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve, field, frozen

from bulkflow_jobs.job_responses import ExpectedJob, read_job
from bulkflow_jobs.job_state import JobState
from bulkflow_query.api.page_list import PageList
from bulkflow_salesforce import BadResponseError, NotFoundError, SalesforceError

if TYPE_CHECKING:
    from typing import BinaryIO

    from bulkflow_jobs.job_info import JobInfo
    from bulkflow_salesforce import DownloadInfo, Session

OLDEST_PAGES_VERSION: Final = 58.0
"""The first API version that lists the pages of a result (guide v66)."""

LAST: Final = "null"
"""The locator after the last page (recorded)."""


@frozen
class FetchedPage:
    """The headers of a page that was fetched.

    Attributes:
        rows: How many rows the org announced; None if it did not.
        next: The locator of the next page; None after the last one.
        bytes: The size, uncompressed.
    """

    rows: int | None
    next: str | None
    bytes: int


@frozen
class QueryApi:
    """The query jobs of one org. Methods raise the errors of `Session`.

    Attributes:
        session: The session with the org.
        expected: What the jobs of the responses must be.
    """

    session: Session
    expected: ExpectedJob = field(factory=ExpectedJob)

    def with_patience(self, seconds: float) -> QueryApi:
        """Return the same requests; each waits out temporary trouble (see `Session`)."""
        return evolve(self, session=self.session.with_patience(seconds))

    def create(self, query: str, operation: str) -> JobInfo:
        """POST a job, which the org starts to process."""
        body = {
            "operation": operation,
            "query": query,
            "contentType": "CSV",
            "columnDelimiter": "COMMA",
            "lineEnding": "LF",
        }
        response = self.session.post_json(self._path(), body)
        info = read_job(response, ExpectedJob(operation))
        if self.expected.ids is not None and not self.expected.ids.claim(info.id):
            raise BadResponseError(
                f"{response.call.host} responded to {response.call} with job {info.id}: another "
                "job of this run has it",
                call=response.call,
                help="look at the job in the org",
            )
        return info

    def info(self, job: str) -> JobInfo:
        """GET a job's properties."""
        return read_job(self.session.get(self._path(job)), self.expected, job)

    def abort(self, job: str) -> JobInfo:
        """PATCH an unfinished job to Aborted."""
        response = self.session.patch_json(self._path(job), {"state": JobState.ABORTED.value})
        return read_job(response, self.expected, job)

    def delete(self, job: str) -> None:
        """DELETE a finished job, with its results."""
        self.session.delete(self._path(job))

    @property
    def lists_pages(self) -> bool:
        """Whether the API version can list the pages of a result."""
        return float(self.session.address.api_version) >= OLDEST_PAGES_VERSION

    def list_pages(self, job: str, link: str | None = None) -> PageList | None:
        """GET the addresses of some pages: the first ones, or those at a link of another list.

        Returns:
            None if the org does not list pages, or in a form that is not known.
        """
        path = self._path(job, "resultPages") if link is None else self.resolve(link)
        try:
            response = self.session.get(path)
            if response.status == 204:
                return None
            return PageList.read(response.parse_object())
        except BadResponseError:
            return None
        except (NotFoundError, SalesforceError) as error:
            if link is not None or error.status not in {400, 404, 405}:
                raise
            # The job may be gone, which the request for its first page shows.
            return None

    def fetch_page(self, path: str, file: BinaryIO, query: dict[str, str | int]) -> FetchedPage:
        """GET a page into an open file, as the org sends it. A header line comes first."""
        return _read_headers(self.session.download(path, file, query=query))

    def resolve(self, link: str) -> str:
        """Resolve a link of a response, which may be relative to the path of the API version."""
        if link.startswith(("http:", "https:", "/services/", "services/")):
            return self.session.resolve(link)
        return self.session.resolve(f"{self.session.build_path()}/{link.lstrip('/')}")

    def build_results_path(self, job: str) -> str:
        """Build the path of a job's result."""
        return self._path(job, "results")

    def _path(self, *segments: str) -> str:
        return self.session.build_path("jobs", "query", *segments)


def _read_headers(info: DownloadInfo) -> FetchedPage:
    locator = info.headers.get("sforce-locator", "").strip()
    rows = info.headers.get("sforce-numberofrecords", "").strip()
    return FetchedPage(
        int(rows) if rows.isascii() and rows.isdigit() and len(rows) < 19 else None,
        locator if locator and locator != LAST else None,
        info.bytes,
    )
