"""Reads responses about jobs, and compares them with what was requested."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow_jobs.job_ids import shorten_id
from bulkflow_jobs.job_info import JobInfo, JobPage
from bulkflow_jobs.response_bounds import MAX_JOBS_PER_PAGE, MAX_STATE_LENGTH
from bulkflow_salesforce import BadResponseError, LostResponseError, redact
from bulkflow_salesforce.http.bounds import LINE_CHARACTERS, cut

if TYPE_CHECKING:
    from bulkflow_jobs.job_ids import JobIds
    from bulkflow_salesforce import OrgError, Response

_HELP: Final = (
    "check that the instance URL is the org's own address, and that no proxy answers in its place"
)


@frozen
class ExpectedJob:
    """What a job in a response must be.

    Attributes:
        operation: Its operation; None for any.
        object: Its object, as it was requested; None for any.
        ids: The known jobs; a newly created one must not be among them.
    """

    operation: str | None = None
    object: str | None = None
    ids: JobIds | None = None

    def find_difference(self, info: JobInfo) -> str | None:
        """Say how a job differs from what was requested; return None if it does not."""
        for name, expected, actual in (
            ("operation", self.operation, info.operation),
            ("object", self.object, info.object),
        ):
            if expected is not None and actual is not None and not _is_same(actual, expected):
                return f"its {name} is {cut(actual, MAX_STATE_LENGTH)}, and not {expected}"
        return None


def _is_same(actual: str, expected: str) -> bool:
    """Compare names. The org may add a namespace to the name of a custom object."""
    actual, expected = actual.lower(), expected.lower()
    return actual == expected or ("__" in expected and actual.endswith(f"__{expected}"))


def read_job(response: Response, expected: ExpectedJob, job: str | None = None) -> JobInfo:
    """Read a response about a job.

    Args:
        response: The response.
        expected: What the job must be.
        job: The job that was requested; None for one that was created.

    Raises:
        BadResponseError: It is not about a job, or about another one; nothing was changed.
        LostResponseError: The same after a change: a change was made, but it is not known which.
    """
    content = response.parse_object()
    try:
        info = JobInfo.read(content)
        if job is not None and shorten_id(info.id) != shorten_id(job):
            raise ValueError(f"it is about job {info.id}")
        difference = expected.find_difference(info)
        if difference is not None:
            raise ValueError(difference)
    except ValueError as error:
        raise make_unexpected_error(response, str(error), content) from error
    return info


def read_page(response: Response) -> JobPage:
    """Read a page of the list of jobs. Raises `BadResponseError`."""
    content = response.parse_object()
    records = content.get("records")
    if not isinstance(records, list):
        raise make_unexpected_error(response, "it is not a list of jobs", content)
    if len(records) > MAX_JOBS_PER_PAGE:
        raise make_unexpected_error(response, f"{len(records):,} jobs in one page", records[:1])
    jobs = []
    for record in records:
        try:
            if not isinstance(record, dict):
                raise ValueError("this is not a job: it is not an object")  # noqa: TRY004 - a fault of the response
            jobs.append(JobInfo.read(record))
        except ValueError as error:
            raise make_unexpected_error(response, str(error), record) from error
    following = content.get("nextRecordsUrl")
    return JobPage(
        tuple(jobs),
        str(following) if following else None,
        done=content.get("done") is True,
        size=len(response.body),
    )


def make_unexpected_error(response: Response, what: str, content: object) -> OrgError:
    """Make the error for an unexpected response."""
    # The status says that a change was made, but not which.
    kind = LostResponseError if response.call.changes else BadResponseError
    call = response.call
    return kind(
        f"{call.host} gave an unexpected response to {call}: {what}",
        call=call,
        help=_HELP,
        notes=[f"the response: {_make_excerpt(content)}"],
    )


def _make_excerpt(content: object) -> str:
    """Return the beginning of a response, without secrets."""
    return cut(redact(json.dumps(content, ensure_ascii=False)), LINE_CHARACTERS)
