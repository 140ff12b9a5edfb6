"""What Salesforce says of an ingest job."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from attrs import field, fields, frozen

from bulkflow.errors import UsageError
from bulkflow_salesforce import salesforce_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class JobState(StrEnum):
    """The states of an ingest job that are known (guide v66; recorded)."""

    OPEN = "Open"
    UPLOAD_COMPLETE = "UploadComplete"
    IN_PROGRESS = "InProgress"
    ABORTED = "Aborted"
    JOB_COMPLETE = "JobComplete"
    FAILED = "Failed"


FINAL = frozenset({JobState.ABORTED, JobState.JOB_COMPLETE, JobState.FAILED})
"""The states that a job never leaves. A state that is not known is not final."""


@frozen
class JobInfo:
    """An ingest job's properties, under the names of the API in snake case.

    Which of them are there depends on the request that was answered: creating and closing answer
    without counts, `content_url` is there only while the job is open, `error_message` only when it
    failed (recorded). Times are in milliseconds, dates as Salesforce writes them.
    """

    id: str
    state: JobState | str
    operation: str | None = None
    object: str | None = None
    created_by_id: str | None = None
    created_date: str | None = None
    system_modstamp: str | None = None
    external_id_field_name: str | None = None
    assignment_rule_id: str | None = None
    concurrency_mode: str | None = None
    content_type: str | None = None
    api_version: str | None = None
    job_type: str | None = None
    content_url: str | None = None
    line_ending: str | None = None
    column_delimiter: str | None = None
    number_records_processed: int | None = None
    number_records_failed: int | None = None
    retries: int | None = None
    total_processing_time: int | None = None
    api_active_processing_time: int | None = None
    apex_processing_time: int | None = None
    error_message: str | None = None
    properties: Mapping[str, Any] = field(factory=dict, repr=False, eq=False)
    """Everything that the answer held, also what is not known here, in the order of the answer."""

    @property
    def is_final(self) -> bool:
        """Whether the job has come to its end."""
        return self.state in FINAL

    @classmethod
    def read(cls, properties: Mapping[str, Any]) -> JobInfo:
        """Read an answer; fields and states that are not known are kept as they are.

        Raises:
            ValueError: it is no ingest job: `id` or `state` is missing, `id` is none, or a value is
                odd.
        """
        for name in ("id", "state"):
            if not (isinstance(properties.get(name), str) and properties[name]):
                raise ValueError(f"no ingest job has the {name} {properties.get(name)!r}")
        try:
            # It becomes part of paths, here and in the org.
            salesforce_id(properties["id"])
        except UsageError as error:
            raise ValueError(error.message) from error
        try:
            known = {
                name: read(properties[key])
                for key, (name, read) in _readings().items()
                if key in properties
            }
            return cls(**known, properties=properties)
        except (ValueError, TypeError, OverflowError) as error:
            raise ValueError(
                f"not the properties of an ingest job: {dict(properties)!r}"
            ) from error


@frozen
class JobPage:
    """One page of the list of jobs; `next` is the path of the one after it."""

    jobs: tuple[JobInfo, ...]
    next: str | None = None


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _state(value: Any) -> JobState | str:
    text = str(value)
    return JobState(text) if text in set(JobState) else text


def _text(value: Any) -> str | None:
    # The guide calls apiVersion a string, the wire has a number (recorded).
    return None if value is None else str(value)


def _count(value: Any) -> int | None:
    return None if value is None else int(value)


@cache
def _readings() -> Mapping[str, tuple[str, Callable[[Any], Any]]]:
    """By the API's names: the fields of `JobInfo`, and how each is read."""
    by_type = {"JobState | str": _state, "int | None": _count}
    return {
        _camel(each.name): (each.name, by_type.get(str(each.type), _text))
        for each in fields(JobInfo)
        if each.name != "properties"
    }
