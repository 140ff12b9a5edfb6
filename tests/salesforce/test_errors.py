"""Error responses become errors with a remedy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkflow.errors import ExitCode
from bulkflow_salesforce import ApiFault, Call, Headers, OrgError, SalesforceError
from bulkflow_salesforce.http.error_body import read_faults
from bulkflow_salesforce.http.error_parser import parse_error_response

CASES = json.loads((Path(__file__).parent / "golden" / "refusals.json").read_text("utf-8"))


def refuse(method, status, media_type, body):
    headers = Headers([("Content-Type", media_type)] if media_type else [])
    return parse_error_response(
        Call(method, "/jobs/1", "org.example"), status, headers, body, now=0.0
    )


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


def help_of(method, path, status, body=b"", media_type="application/json"):
    headers = Headers([("Content-Type", media_type)])
    return parse_error_response(
        Call(method, path, "acme.my.salesforce.com"), status, headers, body, now=0.0
    )


NOT_FOUND = b'[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]'
PAGE = b"<html><title>413 Request Entity Too Large</title></html>"


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("GET", "/services/data/v66.0/jobs/ingest/7505e000003xAbCAAU", "seven days"),
        ("PUT", "/services/data/v66.0/jobs/ingest/7505e000003xAbCAAU/batches", "seven days"),
        ("POST", "/services/data/v99.0/jobs/ingest", "API version 99.0"),
        ("GET", "/services/data/v99.0/sobjects/X/describe", "API version 99.0"),
        ("POST", "/services/oauth2/token", "the org's own address"),
    ],
)
def test_a_404_is_explained_by_what_was_asked_for(method, path, said):
    error = help_of(method, path, 404, NOT_FOUND)
    assert said in error.help
    assert ("seven days" in error.help) == (said == "seven days")


def test_a_moved_org_is_found_by_what_the_old_address_says():
    moved = b'[{"errorCode":"URL_NOT_RESET","message":"Use https://acme--uat.sandbox.my.salesforce.com"}]'
    error = help_of("POST", "/services/data/v66.0/jobs/ingest", 404, moved)
    assert "https://acme--uat.sandbox.my.salesforce.com," in error.help
    elsewhere = moved.replace(b".my.salesforce.com", b".my.salesforce.com.evil.example")
    error = help_of("POST", "/services/data/v66.0/jobs/ingest", 404, elsewhere)
    assert "evil" not in error.help
    assert "address has changed" in error.help


def test_a_redirect_to_another_my_domain_names_it():
    target = "https://acme-new.my.salesforce.com/services/data?x=1"
    headers = Headers([("Location", target)])
    call = Call("POST", "/services/data/v66.0/jobs/ingest", "acme.my.salesforce.com")
    error = parse_error_response(call, 301, headers, b"", now=0.0)
    assert "https://acme-new.my.salesforce.com," in error.help
    login = Headers([("Location", "https://login.salesforce.com/?ec=302")])
    assert "login.salesforce.com" not in parse_error_response(call, 302, login, b"", now=0.0).help


@pytest.mark.parametrize(("body", "kind"), [(PAGE, "text/html"), (b"", "")])
def test_a_body_that_is_too_large_wants_smaller_parts(body, kind):
    error = help_of(
        "PUT", "/services/data/v66.0/jobs/ingest/7505e000003xAbC/batches", 413, body, kind
    )
    assert isinstance(error, SalesforceError)
    assert error.status == 413
    assert "parts of" in error.help


@pytest.mark.parametrize(
    "words",
    [
        "This session is not valid for use with the REST API",
        "BlackTab users cannot perform API operations",
        "Connected app is not attached to Agent",
    ],
)
def test_a_session_that_no_token_makes_better_is_named(words):
    body = json.dumps([{"errorCode": "INVALID_SESSION_ID", "message": words}]).encode()
    error = help_of("GET", "/services/data/v66.0", 401, body)
    assert not error.renewable
    assert "get a new token" not in error.help
    assert "log in" in error.help


@given(
    st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"]),
    st.integers(300, 599),
    st.sampled_from([b"", NOT_FOUND, PAGE]),
)
def test_no_help_knows_what_the_run_did_before(method, status, body):
    error = help_of(method, "/services/data/v66.0/jobs/ingest", status, body)
    for claim in ("run again", "nothing was", "not repeated", "not retried"):
        assert claim not in error.help
