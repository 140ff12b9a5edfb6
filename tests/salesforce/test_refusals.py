"""From the bodies of answers to errors that say what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkflow.errors import ExitCode
from bulkflow_salesforce import ApiFault, Call, Headers, OrgError, SalesforceError
from bulkflow_salesforce.faults import read_faults, refusal

CASES = json.loads((Path(__file__).parent / "golden" / "refusals.json").read_text("utf-8"))


def refuse(method, status, media_type, body):
    headers = Headers([("Content-Type", media_type)] if media_type else [])
    return refusal(Call(method, "/jobs/1", "org.example"), status, headers, body, now=0.0)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_each_body_becomes_the_error_that_a_user_can_act_on(case):
    error = refuse(case["method"], case["status"], case["type"], case["body"].encode())
    assert {
        "class": type(error).__name__,
        "code": getattr(error, "code", None),
        "message": error.message,
        "help": error.help,
        "notes": list(error.notes),
    } == {key: case[key] for key in ("class", "code", "message", "help", "notes")}


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode), st.integers(300, 599))
def test_any_body_at_all_becomes_an_error(body, status):
    error = refuse("GET", status, "application/json", body)
    assert isinstance(error, OrgError)
    assert str(error)
    assert "\n" not in error.message


@given(
    st.recursive(
        st.none() | st.text() | st.integers(),
        lambda each: (
            st.lists(each)
            | st.dictionaries(st.sampled_from(["errorCode", "message", "fields", "x"]), each)
        ),
    )
)
def test_any_json_at_all_becomes_faults(value):
    for fault in read_faults(json.dumps(value).encode()):
        assert isinstance(fault.code, str)
        assert isinstance(fault.message, str)


@pytest.mark.parametrize(
    "hostile", [b"<script" * 9000, b"<!--" * 16000, b"<" * 65000, b"[" * 65000]
)
def test_a_body_made_to_waste_time_does_not(hostile):
    assert refuse("GET", 500, "text/html", hostile)
    assert refuse("GET", 500, "application/json", hostile)


@pytest.mark.parametrize("spelling", ["INVALIDJOBSTATE", "InvalidJobState", "INVALID_JOB_STATE"])
def test_codes_are_the_same_in_every_spelling(spelling):
    fault = ApiFault(spelling, "no")
    assert fault.is_code("InvalidJobState")
    assert fault.is_code("X", "INVALID_JOB_STATE")
    assert not fault.is_code("InvalidJob")
    call = Call("GET", "/", "h")
    assert SalesforceError("m", call=call, status=400, faults=[fault]).is_code("InvalidJobState")


def test_an_error_knows_what_was_asked_and_a_refused_token_is_the_users_to_mend():
    error = refuse("GET", 401, "application/json", b'[{"errorCode":"INVALID_SESSION_ID"}]')
    assert (error.method, error.path, error.host) == ("GET", "/jobs/1", "org.example")
    assert error.exit_code is ExitCode.WRONG
