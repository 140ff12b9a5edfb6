"""The operations of Bulk API 2.0 ingest, one request each."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from enum import Enum
from math import inf
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from bulkflow_ingest.api.answer_checks import Asked, job_in, page_in
from bulkflow_ingest.api.bounds import MOST_JOBS, MOST_LIST_BYTES, MOST_PAGES
from bulkflow_ingest.api.job_info import JobState
from bulkflow_salesforce import BadResponseError, Call, SalesforceError
from bulkflow_salesforce.http.bounds import DOWNLOAD_BYTES, LIST_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from bulkflow_ingest.api.job_info import JobInfo, JobPage
    from bulkflow_salesforce import Body, DownloadInfo, Session


class ResultFile(Enum):
    """The three files that a job ends in; the value is the last part of the path.

    `unprocessedrecords` is lower case in the reference pages, and taken by every org that is known.
    """

    SUCCESSFUL = "successfulResults"
    FAILED = "failedResults"
    UNPROCESSED = "unprocessedrecords"


@frozen
class JobSpec:
    """What a job is created with."""

    object: str
    operation: str
    external_id_field: str | None
    column_delimiter: str
    line_ending: str
    assignment_rule: str | None = None

    def request(self) -> dict[str, Any]:
        """The body of the request that creates the job."""
        body: dict[str, Any] = {"object": self.object, "operation": self.operation}
        if self.external_id_field is not None:
            body["externalIdFieldName"] = self.external_id_field
        if self.assignment_rule is not None:
            body["assignmentRuleId"] = self.assignment_rule
        body |= {
            "contentType": "CSV",
            "columnDelimiter": self.column_delimiter,
            "lineEnding": self.line_ending,
        }
        return body


@frozen
class IngestApi:
    """Ingest jobs of one org. Every method raises what `Session` raises, and no more.

    Attributes:
        session: The session with the org.
        asked: What the jobs are that it is asked about.
    """

    session: Session
    asked: Asked = field(factory=Asked)

    def patient(self, seconds: float, *, until: float = inf) -> IngestApi:
        """The same calls, each of which waits out trouble that may pass (see `Session.patient`)."""
        return evolve(self, session=self.session.with_patience(seconds, until=until))

    def reach(self) -> None:
        """GET something that every user may see: whether the org answers at all."""
        self.session.get(self.session.build_path())

    def create(self, spec: JobSpec) -> JobInfo:
        """POST a job; it is Open and empty then."""
        response = self.session.post_json(self._path(), spec.request())
        info = job_in(response, Asked())
        wrong = evolve(self.asked, operation=spec.operation, object=spec.object).refusal(info)
        if wrong is None and self.asked.ids is not None and not self.asked.ids.claim(info.id):
            wrong = "another part of this run has it"
        if wrong is not None:
            # Not as a lost answer, after which another job would be created.
            raise BadResponseError(
                f"{response.call.host} answered {response.call} with job {info.id}: {wrong}",
                call=response.call,
                help="no row is sent into it for this part; look at the job in the org",
            )
        return info

    def upload(self, job: str, body: Body, encoding: str = "") -> None:
        """PUT the data of a job: once, and never again for the same job.

        Whether orgs take data with an encoding of "gzip" is not documented.
        """
        self.session.put_body(
            self._path(job, "batches"), body, "text/csv; charset=UTF-8", content_encoding=encoding
        )

    def close(self, job: str) -> JobInfo:
        """PATCH a job to UploadComplete: Salesforce begins to process it."""
        return self._change(job, JobState.UPLOAD_COMPLETE)

    def abort(self, job: str) -> JobInfo:
        """PATCH a job to Aborted. What was processed before stays in the org."""
        return self._change(job, JobState.ABORTED)

    def info(self, job: str) -> JobInfo:
        """GET a job's properties."""
        return job_in(self.session.get(self._path(job)), self.asked, job)

    def look(self, job: str) -> tuple[JobInfo, float | None]:
        """GET a job's properties, and when that was by the org's clock.

        In seconds since the epoch; None where the answer has no date.
        """
        response = self.session.get(self._path(job))
        try:
            at = parsedate_to_datetime(response.headers["date"]).timestamp()
        except (KeyError, ValueError):
            at = None
        return job_in(response, self.asked, job), at

    def list(self, page: str | None = None) -> JobPage:
        """GET a page of the org's ingest jobs, the first one unless `page` says which."""
        if page is None:
            path, query = self._path(), {"jobType": "V2Ingest"}
        else:
            path, query = self.session.resolve(page), {}
        return page_in(self.session.get(path, query=query, limit=LIST_BYTES))

    def jobs(self, checkpoint: Callable[[], None] = lambda: None) -> Iterator[JobInfo]:
        """GET the org's ingest jobs, of all users, as their pages come.

        The list ends where the org says so, has no further page, or names one that was read.

        Args:
            checkpoint: Called before each page; what it raises ends the list.

        Raises:
            BadResponseError: It has more than an org can have.
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

    def user(self) -> str | None:
        """The id of the user whose session it is; None where the token may not ask for it."""
        try:
            found = self.session.get("/services/oauth2/userinfo").parse_object().get("user_id")
        except SalesforceError:
            return None
        return found if isinstance(found, str) else None

    def delete(self, job: str) -> None:
        """DELETE a job that is at an end, with its data and results."""
        self.session.delete(self._path(job))

    def results(
        self,
        job: str,
        which: ResultFile,
        file: BinaryIO,
        *,
        packed: bool = False,
        limit: int = DOWNLOAD_BYTES,
    ) -> DownloadInfo:
        """GET one of the three result files of a job into an open file.

        With `packed`, what comes compressed stays so; the answer tells whether it did. More than
        `limit` bytes, unpacked, are not taken.
        """
        path = self._path(job, which.value)
        return self.session.download(path, file, keep_gzip=packed, limit=limit)

    def _refuse_endless(self, pages: int, jobs: int, size: int) -> None:
        if pages < MOST_PAGES and jobs < MOST_JOBS and size < MOST_LIST_BYTES:
            return
        call = Call("GET", self._path(), self.session.address.host)
        raise BadResponseError(
            f"{call.host} gives a list of jobs that does not end: {jobs:,} jobs in {pages:,} pages "
            f"of {size:,} bytes",
            call=call,
            help="jobs are known by their ids too, as `bulkflow jobs show ID`",
        )

    def _change(self, job: str, state: JobState) -> JobInfo:
        response = self.session.patch_json(self._path(job), {"state": state.value})
        return job_in(response, self.asked, job)

    def _path(self, *segments: str) -> str:
        return self.session.build_path("jobs", "ingest", *segments)
