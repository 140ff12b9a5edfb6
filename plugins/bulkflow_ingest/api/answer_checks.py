"""What an org answers about jobs, read and held against what it was asked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow.redaction import redact
from bulkflow_ingest.api.bounds import MOST_PAGE_JOBS, MOST_STATE
from bulkflow_ingest.api.job_info import JobInfo, JobPage
from bulkflow_salesforce import BadResponseError, LostResponseError
from bulkflow_salesforce.http.bounds import LINE_CHARACTERS, cut

if TYPE_CHECKING:
    from bulkflow_ingest.api.job_ids import JobIds
    from bulkflow_ingest.settings import IngestSettings
    from bulkflow_salesforce import OrgError, Response

_HELP: Final = (
    "check that the instance URL is the org's own address, and that no proxy answers in its place"
)


@frozen
class Asked:
    """What the jobs of an answer must be.

    Attributes:
        operation: Their operation; None where others have chosen it.
        object: Their object, as it was asked for.
        ids: The jobs that are known: one that is created is none of them.
    """

    operation: str | None = None
    object: str | None = None
    ids: JobIds | None = None

    @classmethod
    def of(cls, settings: IngestSettings, ids: JobIds) -> Asked:
        """What the jobs that a logical job has in the org must be."""
        if settings.existing is not None:
            return cls(ids=ids)
        return cls(settings.operation, settings.object, ids)

    def refusal(self, info: JobInfo) -> str | None:
        """Say how a job differs from what was asked; None if it does not."""
        for name, asked, told in (
            ("operation", self.operation, info.operation),
            ("object", self.object, info.object),
        ):
            if asked is not None and told is not None and not _is_name(told, asked):
                return f"its {name} is {cut(told, MOST_STATE)}, and not {asked}"
        return None


def _is_name(told: str, asked: str) -> bool:
    """Whether a name is the one that was asked for; to a custom one the org may add a namespace."""
    told, asked = told.lower(), asked.lower()
    return told == asked or ("__" in asked and told.endswith(f"__{asked}"))


def job_in(response: Response, asked: Asked, job: str | None = None) -> JobInfo:
    """Read the job that an answer is about.

    Args:
        response: The answer.
        asked: What the job must be.
        job: The job that was asked about; None for one that was created.

    Raises:
        BadResponseError: It is none, or another; nothing was changed.
        LostResponseError: The same, after a change: that one was made is said, but not which.
    """
    content = response.parse_object()
    try:
        info = JobInfo.read(content)
        if job is not None and short(info.id) != short(job):
            raise ValueError(f"it is about job {info.id}")
        wrong = asked.refusal(info)
        if wrong is not None:
            raise ValueError(wrong)
    except ValueError as error:
        raise unexpected(response, str(error), content) from error
    return info


def page_in(response: Response) -> JobPage:
    """Read a page of the list of jobs. Raises `BadResponseError`."""
    content = response.parse_object()
    records = content.get("records")
    if not isinstance(records, list):
        raise unexpected(response, "it is not a list of jobs", content)
    if len(records) > MOST_PAGE_JOBS:
        raise unexpected(response, f"{len(records):,} jobs in one page", records[:1])
    jobs = []
    for record in records:
        try:
            if not isinstance(record, dict):
                raise ValueError("this is not an ingest job: it is not an object")  # noqa: TRY004 - an answer's fault
            jobs.append(JobInfo.read(record))
        except ValueError as error:
            raise unexpected(response, str(error), record) from error
    following = content.get("nextRecordsUrl")
    return JobPage(
        tuple(jobs),
        str(following) if following else None,
        done=content.get("done") is True,
        size=len(response.body),
    )


def unexpected(response: Response, what: str, content: object) -> OrgError:
    """Make the error for an answer that was not to be expected."""
    # The status says that a change was made, so what is not known is which.
    kind = LostResponseError if response.call.changes else BadResponseError
    call = response.call
    return kind(
        f"{call.host} answered {call} with an unexpected answer: {what}",
        call=call,
        help=_HELP,
        notes=[f"the answer: {_excerpt(content)}"],
    )


def short(job: str) -> str:
    """The part of an id that tells whose it is: the other three letters only check its case."""
    return job[:15]


def _excerpt(content: object) -> str:
    """The beginning of an answer, without secrets."""
    return cut(redact(json.dumps(content, ensure_ascii=False)), LINE_CHARACTERS)
