"""A job's properties: those that the API documents, and those that nobody has heard of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkflow_ingest.api.client import JobSpec
from bulkflow_jobs.job_info import JobInfo
from bulkflow_jobs.job_state import FINAL_STATES, JobState

# Every row of the response tables of "Close or Abort a Job" and "Upload Complete", with a value of
# its type, and the attribute that holds it.
DOCUMENTED = {
    "apiVersion": ("66.0", "api_version"),
    "assignmentRuleId": ("01Q5g000000abcdEAA", "assignment_rule_id"),
    "columnDelimiter": ("BACKQUOTE", "column_delimiter"),
    "concurrencyMode": ("Parallel", "concurrency_mode"),
    "contentType": ("CSV", "content_type"),
    "contentUrl": ("services/data/v66.0/jobs/ingest/7505g00000AAAAAAAA/batches", "content_url"),
    "createdById": ("0055g000000abcdEAA", "created_by_id"),
    "createdDate": ("2026-01-02T03:04:05.000+0000", "created_date"),
    "externalIdFieldName": ("External_Id__c", "external_id_field_name"),
    "id": ("7505g00000AAAAAAAA", "id"),
    "jobType": ("V2Ingest", "job_type"),
    "lineEnding": ("CRLF", "line_ending"),
    "object": ("Account", "object"),
    "operation": ("hardDelete", "operation"),
    "state": ("UploadComplete", "state"),
    "systemModstamp": ("2026-01-02T03:04:06.000+0000", "system_modstamp"),
}

# What asking for a job adds (guide v66).
ASKED = {
    "numberRecordsProcessed": (12, "number_records_processed"),
    "numberRecordsFailed": (3, "number_records_failed"),
    "retries": (0, "retries"),
    "totalProcessingTime": (1500, "total_processing_time"),
    "apiActiveProcessingTime": (1400, "api_active_processing_time"),
    "apexProcessingTime": (20, "apex_processing_time"),
    "errorMessage": ("InvalidBatch : Field name not found : Nope", "error_message"),
}

LEAST = {"id": "7505g00000AAAAAAAA", "state": "Open"}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("name", [*DOCUMENTED, *ASKED])
def test_every_documented_property_has_an_attribute(name: str) -> None:
    value, attribute = (DOCUMENTED | ASKED)[name]
    info = JobInfo.read(LEAST | {name: value})
    assert getattr(info, attribute) == value


def test_all_properties_together_are_read() -> None:
    answer = {name: value for name, (value, _) in (DOCUMENTED | ASKED).items()}
    info = JobInfo.read(answer)
    assert {
        attribute: getattr(info, attribute) for _, attribute in (DOCUMENTED | ASKED).values()
    } == {attribute: value for value, attribute in (DOCUMENTED | ASKED).values()}
    assert dict(info.properties) == answer


@pytest.mark.parametrize("state", list(JobState))
def test_the_known_states_are_told_from_their_last_ones(state: JobState) -> None:
    info = JobInfo.read(LEAST | {"state": state.value})
    assert info.state is state
    assert info.is_final is (state in FINAL_STATES)


def test_three_states_are_the_last_ones() -> None:
    assert {state.value for state in FINAL_STATES} == {"Aborted", "JobComplete", "Failed"}


def test_a_state_that_is_not_known_is_kept_and_is_not_final() -> None:
    info = JobInfo.read(LEAST | {"state": "Dreaming"})
    assert info.state == "Dreaming"
    assert not info.is_final


@pytest.mark.parametrize(("given_value", "read"), [("12", 12), (12, 12), (12.0, 12), (None, None)])
def test_counts_may_be_texts(given_value: object, read: int | None) -> None:
    info = JobInfo.read(LEAST | {"numberRecordsProcessed": given_value})
    assert info.number_records_processed == read


@pytest.mark.parametrize("count", [1 << 63, -(1 << 63), 10**30, float("inf"), float("nan")])
def test_a_count_that_no_journal_can_hold_is_refused(count: float) -> None:
    with pytest.raises(ValueError, match="is not a number of records"):
        JobInfo.read(LEAST | {"numberRecordsProcessed": count})


def test_a_version_may_be_a_number() -> None:
    assert JobInfo.read(LEAST | {"apiVersion": 66.0}).api_version == "66.0"


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"id": "7505g00000AAAAAAAA"},
        {"state": "Open"},
        LEAST | {"id": None},
        LEAST | {"id": ""},
        LEAST | {"id": 750},
        LEAST | {"state": None},
        LEAST | {"state": ["Open"]},
        LEAST | {"retries": "many"},
        LEAST | {"retries": [1]},
    ],
)
def test_what_is_no_job_is_refused(answer: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"not a job|of the job"):
        JobInfo.read(answer)


@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_unknown_properties_are_kept_and_disturb_nothing(extra: dict[str, object]) -> None:
    known = {*DOCUMENTED, *ASKED}
    answer = LEAST | {name: value for name, value in extra.items() if name not in known}
    info = JobInfo.read(answer)
    assert info == JobInfo.read(LEAST)
    assert dict(info.properties) == answer


@given(st.dictionaries(st.sampled_from([*DOCUMENTED, *ASKED]), JSON))
def test_odd_values_are_read_or_refused_with_one_kind_of_error(answer: dict[str, object]) -> None:
    try:
        info = JobInfo.read(answer)
    except ValueError:
        return
    assert info.id
    assert info.state


def test_a_job_is_created_with_the_documented_properties_and_no_more() -> None:
    plain = JobSpec("Account", "insert", None, "COMMA", "LF")
    assert plain.to_json() == {
        "object": "Account",
        "operation": "insert",
        "contentType": "CSV",
        "columnDelimiter": "COMMA",
        "lineEnding": "LF",
    }
    full = JobSpec("Case", "upsert", "Key__c", "TAB", "CRLF", "01Q5g000000abcdEAA")
    assert full.to_json() == {
        "object": "Case",
        "operation": "upsert",
        "externalIdFieldName": "Key__c",
        "assignmentRuleId": "01Q5g000000abcdEAA",
        "contentType": "CSV",
        "columnDelimiter": "TAB",
        "lineEnding": "CRLF",
    }


@pytest.mark.parametrize(
    "odd", ["../../etc/passwd", "750", "", "7505g00000AAAAAAA/", "7505g00000AAAAAAA ", None, 750]
)
def test_an_id_that_is_none_is_not_taken_into_paths(odd: object) -> None:
    with pytest.raises(ValueError, match="id"):
        JobInfo.read(LEAST | {"id": odd})
