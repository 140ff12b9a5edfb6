"""The properties of a job, as Salesforce returns them."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - cattrs reads the annotations
from functools import cache
from typing import TYPE_CHECKING, Any

from attrs import field, fields, frozen

from bulkflow.errors import UsageError
from bulkflow_jobs.job_state import FINAL_STATES, JobState
from bulkflow_jobs.response_bounds import MAX_RECORDS, MAX_STATE_LENGTH
from bulkflow_salesforce import check_salesforce_id
from bulkflow_salesforce.http.bounds import FAULT_CHARACTERS, cut

if TYPE_CHECKING:
    import cattrs


@frozen
class JobInfo:
    """A job's properties, under the names of the API in snake case.

    Which of them a response has depends on the request: responses to a create or close have no
    counts; `content_url` is set only while the job is open, `error_message` only if it failed
    (recorded). Times are in milliseconds, dates as Salesforce writes them.
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
    """All properties of the response, including unknown ones, in its order."""

    @property
    def is_final(self) -> bool:
        """Whether the job has finished."""
        return self.state in FINAL_STATES

    @property
    def counters(self) -> tuple[int, int]:
        """How many rows were processed, including failures, and how many of them failed."""
        return self.number_records_processed or 0, self.number_records_failed or 0

    @classmethod
    def read(cls, properties: Mapping[str, Any]) -> JobInfo:
        """Read a response. Unknown properties and states are kept as they are.

        Raises:
            ValueError: It is not a job: `id` or `state` is missing, `id` is not an id, a
                value has the wrong type, or a count is impossible. The message names it.
        """
        from cattrs.errors import BaseValidationError

        for name in ("id", "state"):
            if not (isinstance(properties.get(name), str) and properties[name]):
                raise ValueError(f"this is not a job: it has no `{name}`")
        if len(properties["state"]) > MAX_STATE_LENGTH:
            raise ValueError(
                f"this is not a job: its state is {cut(properties['state'], MAX_STATE_LENGTH)!a}"
            )
        for name in ("numberRecordsProcessed", "numberRecordsFailed"):
            if not _is_count(properties.get(name)):
                value = cut(str(properties[name]), MAX_STATE_LENGTH)
                raise ValueError(f"`{name}` of the job is not a number of records: {value!a}")
        try:
            # The id becomes a part of paths, here and in the org.
            check_salesforce_id(properties["id"])
        except UsageError as error:
            raise ValueError(error.message) from error
        try:
            return _converter().structure({**properties, "properties": properties}, cls)
        except (BaseValidationError, TypeError) as error:
            raise ValueError("the properties of the job are of unknown types") from error


@frozen
class JobPage:
    """One page of the list of jobs.

    Attributes:
        jobs: Its jobs.
        next: The path of the next page.
        done: Whether the org calls it the last page, whatever `next` is.
        size: The bytes of the response.
    """

    jobs: tuple[JobInfo, ...]
    next: str | None = None
    done: bool = False
    size: int = 0


def _to_camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _parse_state(value: Any, _: object) -> JobState | str:
    text = str(value)
    return JobState(text) if text in set(JobState) else text


def _parse_text(value: Any, _: object) -> str | None:
    # The guide calls apiVersion a string; orgs send a number (recorded).
    return None if value is None else cut(str(value), FAULT_CHARACTERS)


def _is_count(value: Any) -> bool:
    """Return whether a value is a number of records in any notation; None means none yet."""
    if value is None:
        return True
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return False
    return number.is_integer() and 0 <= number <= MAX_RECORDS


def _parse_count(value: Any, _: object) -> int | None:
    return None if value is None else int(value)


@cache
def _converter() -> cattrs.Converter:
    # Imported here because checking a file does not need cattrs.
    from cattrs import Converter
    from cattrs.gen import make_dict_structure_fn, override

    converter = Converter()
    converter.register_structure_hook_func(lambda kind: kind == JobState | str, _parse_state)
    converter.register_structure_hook_func(lambda kind: kind == str | None, _parse_text)
    converter.register_structure_hook_func(lambda kind: kind == int | None, _parse_count)
    renamed = {each.name: override(rename=_to_camel_case(each.name)) for each in fields(JobInfo)}
    converter.register_structure_hook(
        JobInfo,
        make_dict_structure_fn(JobInfo, converter, **renamed),  # type: ignore[arg-type]
    )
    return converter
