"""The operations of Bulk API 2.0 ingest, one request each."""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime
from enum import Enum
from math import inf
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from bulkflow_ingest.api.job_info import JobInfo, JobPage, JobState
from bulkflow_salesforce import BadAnswerError, LostAnswerError, SalesforceError, redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from bulkflow_salesforce import Body, DownloadInfo, Response, Session


_LONGEST_EXCERPT: Final = 200
"""Characters of an answer that a message quotes."""


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
    """Ingest jobs of one org. Every method raises what `Session` raises, and no more."""

    session: Session

    def patient(self, seconds: float, *, until: float = inf) -> IngestApi:
        """The same calls, each of which waits out trouble that may pass (see `Session.patient`)."""
        return IngestApi(self.session.patient(seconds, until=until))

    def reach(self) -> None:
        """GET something that every user may see: whether the org answers at all."""
        self.session.get(self.session.path())

    def create(self, spec: JobSpec) -> JobInfo:
        """POST a job; it is Open and empty then."""
        return _job(self.session.post_json(self._path(), spec.request()))

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
        return _job(self.session.get(self._path(job)))

    def look(self, job: str) -> tuple[JobInfo, float | None]:
        """GET a job's properties, and when that was by the org's clock.

        In seconds since the epoch; None where the answer has no date.
        """
        response = self.session.get(self._path(job))
        try:
            at = parsedate_to_datetime(response.headers["date"]).timestamp()
        except (KeyError, ValueError):
            at = None
        return _job(response), at

    def list(self, page: str | None = None) -> JobPage:
        """GET a page of the org's ingest jobs, the first one unless `page` says which."""
        response = (
            self.session.get(self._path(), query={"jobType": "V2Ingest"})
            if page is None
            else self.session.get(self.session.resolve(page))
        )
        content = response.json_object()
        records = content.get("records")
        if not isinstance(records, list):
            raise BadAnswerError(
                f"{response.call.host} answered {response.call} with something that is not a list "
                "of jobs",
                call=response.call,
                notes=[f"the answer: {_excerpt(content)}"],
            )
        following = content.get("nextRecordsUrl")
        return JobPage(
            tuple(_read(record, response) for record in records),
            str(following) if following else None,
            done=content.get("done") is True,
        )

    def jobs(self, checkpoint: Callable[[], None] = lambda: None) -> Iterator[JobInfo]:
        """GET the org's ingest jobs, of all users, as their pages come.

        The list ends where the org says so, has no further page, or names one that was read.

        Args:
            checkpoint: Called before each page; what it raises ends the list.
        """
        seen: set[str | None] = set()
        link: str | None = None
        while link not in seen:
            seen.add(link)
            checkpoint()
            page = self.list(link)
            yield from page.jobs
            if page.done or page.next is None:
                return
            link = page.next

    def user(self) -> str | None:
        """The id of the user whose session it is; None where the token may not ask for it."""
        try:
            found = self.session.get("/services/oauth2/userinfo").json_object().get("user_id")
        except SalesforceError:
            return None
        return found if isinstance(found, str) else None

    def delete(self, job: str) -> None:
        """DELETE a job that is at an end, with its data and results."""
        self.session.delete(self._path(job))

    def results(
        self, job: str, which: ResultFile, file: BinaryIO, *, packed: bool = False
    ) -> DownloadInfo:
        """GET one of the three result files of a job into an open file.

        With `packed`, what comes compressed stays so; the answer tells whether it did.
        """
        return self.session.download(self._path(job, which.value), file, packed=packed)

    def _change(self, job: str, state: JobState) -> JobInfo:
        return _job(self.session.patch_json(self._path(job), {"state": state.value}))

    def _path(self, *segments: str) -> str:
        return self.session.path("jobs", "ingest", *segments)


def _job(response: Response) -> JobInfo:
    return _read(response.json_object(), response)


def _read(content: object, response: Response) -> JobInfo:
    try:
        if not isinstance(content, dict):
            raise ValueError("this is not an ingest job: it is not an object")  # noqa: TRY004 - an answer's fault
        return JobInfo.read(content)
    except ValueError as error:
        # The status says that a change was made, so what is not known is which.
        kind = LostAnswerError if response.call.changes else BadAnswerError
        call = response.call
        raise kind(
            f"{call.host} answered {call} with an unexpected answer: {error}",
            call=call,
            help="check that the instance URL is the org's own address, and that no proxy answers"
            " in its place",
            notes=[f"the answer: {_excerpt(content)}"],
        ) from error


def _excerpt(content: object) -> str:
    """The beginning of an answer, without secrets."""
    text = redact(json.dumps(content, ensure_ascii=False))
    return text if len(text) <= _LONGEST_EXCERPT else f"{text[: _LONGEST_EXCERPT - 1]}…"
