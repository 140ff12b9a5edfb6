"""What Salesforce says of an ingest job."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - cattrs reads the annotations
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from attrs import field, fields, frozen

from bulkflow.errors import UsageError
from bulkflow_ingest.api.bounds import MOST_RECORDS, MOST_STATE
from bulkflow_salesforce import check_salesforce_id
from bulkflow_salesforce.http.bounds import FAULT_CHARACTERS, cut

if TYPE_CHECKING:
    import cattrs


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
            ValueError: It is not an ingest job: `id` or `state` is missing, `id` is not an id, a
                value is of the wrong type, or a count cannot be. The message says which.
        """
        from cattrs.errors import BaseValidationError

        for name in ("id", "state"):
            if not (isinstance(properties.get(name), str) and properties[name]):
                raise ValueError(f"this is not an ingest job: it has no `{name}`")
        if len(properties["state"]) > MOST_STATE:
            raise ValueError(
                f"this is not an ingest job: its state is {cut(properties['state'], MOST_STATE)!a}"
            )
        for name in ("numberRecordsProcessed", "numberRecordsFailed"):
            if not _is_count(properties.get(name)):
                told = cut(str(properties[name]), MOST_STATE)
                raise ValueError(f"`{name}` of the ingest job is not a number of records: {told!a}")
        try:
            # It becomes part of paths, here and in the org.
            check_salesforce_id(properties["id"])
        except UsageError as error:
            raise ValueError(error.message) from error
        try:
            return _converter().structure({**properties, "properties": properties}, cls)
        except (BaseValidationError, TypeError) as error:
            raise ValueError("the properties of the ingest job are of unknown types") from error


@frozen
class JobPage:
    """One page of the list of jobs.

    Attributes:
        jobs: Its jobs.
        next: The path of the page after it.
        done: Whether the org calls it the last one, whatever it says in `next`.
        size: The bytes of the answer.
    """

    jobs: tuple[JobInfo, ...]
    next: str | None = None
    done: bool = False
    size: int = 0


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _state(value: Any, _: object) -> JobState | str:
    text = str(value)
    return JobState(text) if text in set(JobState) else text


def _text(value: Any, _: object) -> str | None:
    # The guide calls apiVersion a string, the wire has a number (recorded).
    return None if value is None else cut(str(value), FAULT_CHARACTERS)


def _is_count(value: Any) -> bool:
    """Whether a value is a number of records, however the org writes it; None is none yet."""
    if value is None:
        return True
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return False
    return number.is_integer() and 0 <= number <= MOST_RECORDS


def _count(value: Any, _: object) -> int | None:
    return None if value is None else int(value)


@cache
def _converter() -> cattrs.Converter:
    # Here, so that checking a file does not load cattrs.
    from cattrs import Converter
    from cattrs.gen import make_dict_structure_fn, override

    converter = Converter()
    converter.register_structure_hook_func(lambda kind: kind == JobState | str, _state)
    converter.register_structure_hook_func(lambda kind: kind == str | None, _text)
    converter.register_structure_hook_func(lambda kind: kind == int | None, _count)
    renamed = {each.name: override(rename=_camel(each.name)) for each in fields(JobInfo)}
    converter.register_structure_hook(
        JobInfo,
        make_dict_structure_fn(JobInfo, converter, **renamed),  # type: ignore[arg-type]
    )
    return converter
