"""The requests of Bulk API 2.0 ingest."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from math import inf
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from bulkflow_jobs.job_responses import ExpectedJob, read_job
from bulkflow_jobs.job_state import JobState
from bulkflow_jobs.org_jobs import JobResource, OrgJobs
from bulkflow_salesforce import BadResponseError
from bulkflow_salesforce.http.bounds import DOWNLOAD_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from bulkflow_ingest.api.result_kind import ResultKind
    from bulkflow_jobs.job_info import JobInfo, JobPage
    from bulkflow_salesforce import Body, DownloadInfo, Session


@frozen
class JobSpec:
    """The settings that a job is created with."""

    object: str
    operation: str
    external_id_field: str | None
    column_delimiter: str
    line_ending: str
    assignment_rule: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the body of the request that creates the job."""
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
    """The ingest jobs of one org. Methods raise the errors of `Session`.

    Attributes:
        session: The session with the org.
        expected: What the jobs of the responses must be.
    """

    session: Session
    expected: ExpectedJob = field(factory=ExpectedJob)

    def with_patience(self, seconds: float, *, until: float = inf) -> IngestApi:
        """Return the same requests; each waits out temporary trouble (see `Session.patient`)."""
        return evolve(self, session=self.session.with_patience(seconds, until=until))

    def check_connection(self) -> None:
        """GET a resource that every user may see, to check that the org responds."""
        self.session.get(self.session.build_path())

    def create(self, spec: JobSpec) -> JobInfo:
        """POST a job, which is then open and empty."""
        response = self.session.post_json(self._path(), spec.to_json())
        info = read_job(response, ExpectedJob())
        expected = evolve(self.expected, operation=spec.operation, object=spec.object)
        wrong = expected.find_difference(info)
        if wrong is None and expected.ids is not None and not expected.ids.claim(info.id):
            wrong = "another part of this run has it"
        if wrong is not None:
            # Not a lost response, after which another job would be created.
            raise BadResponseError(
                f"{response.call.host} responded to {response.call} with job {info.id}: {wrong}",
                call=response.call,
                help="no row of this part is sent into it; look at the job in the org",
            )
        return info

    def upload(self, job: str, body: Body, encoding: str = "") -> None:
        """PUT the data of a job. Call it only once for each job.

        Salesforce does not document whether orgs accept the encoding "gzip".
        """
        self.session.put_body(
            self._path(job, "batches"), body, "text/csv; charset=UTF-8", content_encoding=encoding
        )

    def close(self, job: str) -> JobInfo:
        """PATCH a job to UploadComplete, after which Salesforce processes it."""
        return self._change(job, JobState.UPLOAD_COMPLETE)

    def abort(self, job: str) -> JobInfo:
        """PATCH a job to Aborted. Rows that were processed before stay in the org."""
        return self._change(job, JobState.ABORTED)

    def info(self, job: str) -> JobInfo:
        """GET a job's properties."""
        return read_job(self.session.get(self._path(job)), self.expected, job)

    def get_dated_info(self, job: str) -> tuple[JobInfo, float | None]:
        """GET a job's properties, and the time of the response by the org's clock.

        The time is in seconds since the epoch; None if the response has no date.
        """
        response = self.session.get(self._path(job))
        try:
            at = parsedate_to_datetime(response.headers["date"]).timestamp()
        except (KeyError, ValueError):
            at = None
        return read_job(response, self.expected, job), at

    def list(self, page: str | None = None) -> JobPage:
        """GET the first page of the org's ingest jobs, or the page with the given path."""
        return self._listed.list(page)

    def jobs(self, checkpoint: Callable[[], None] = lambda: None) -> Iterator[JobInfo]:
        """GET the ingest jobs of all users of the org, page by page (see `OrgJobs.jobs`)."""
        return self._listed.jobs(checkpoint)

    def delete(self, job: str) -> None:
        """DELETE a finished job, with its data and results."""
        self.session.delete(self._path(job))

    def results(
        self,
        job: str,
        kind: ResultKind,
        file: BinaryIO,
        *,
        packed: bool = False,
        limit: int = DOWNLOAD_BYTES,
    ) -> DownloadInfo:
        """GET one of a job's result files into an open file.

        With `packed`, a compressed response is stored as it is, which the returned value says. More
        than `limit` bytes, uncompressed, are refused.
        """
        path = self._path(job, kind.path_segment)
        return self.session.download(path, file, keep_gzip=packed, limit=limit)

    @property
    def _listed(self) -> OrgJobs:
        return OrgJobs(self.session, JobResource.INGEST)

    def _change(self, job: str, state: JobState) -> JobInfo:
        response = self.session.patch_json(self._path(job), {"state": state.value})
        return read_job(response, self.expected, job)

    def _path(self, *segments: str) -> str:
        return self.session.build_path("jobs", "ingest", *segments)
