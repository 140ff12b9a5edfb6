"""Endless responses and malformed heads: limits on size, depth, texts and time."""

from __future__ import annotations

import json

import pytest

from bulkflow_salesforce import (
    BadResponseError,
    LostResponseError,
    RetryPolicy,
    SalesforceError,
    Timeouts,
)
from bulkflow_salesforce.http import bounds

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


# Size and depth -----------------------------------------------------------------------------------


def test_an_answer_is_bounded_by_what_its_kind_needs(server, session):
    text = json.dumps("x" * (bounds.RESPONSE_BYTES + 1)).encode()
    server.answers(200, text)
    with pytest.raises(
        BadResponseError, match=f"more than the limit of {bounds.RESPONSE_BYTES} bytes"
    ):
        session.get("/x")
    server.answers(200, text)
    assert session.get("/x", limit=bounds.LIST_BYTES).body == text


@pytest.mark.parametrize("shape", ["lists", "objects", "both"])
def test_json_may_be_nested_so_deep_and_no_deeper(server, session, shape):
    opening, closing = {"lists": ("[", "]"), "objects": ('{"a":', "}"), "both": ('[{"a":', "}]")}[
        shape
    ]
    levels = bounds.DEPTH // (2 if shape == "both" else 1)
    server.answers(200, (opening * levels + "1" + closing * levels).encode())
    session.get("/x").parse_json()
    levels += 1
    server.answers(200, (opening * levels + "1" + closing * levels).encode())
    with pytest.raises(BadResponseError, match="JSON that is nested more than 32 levels deep"):
        session.get("/x").parse_json()


def test_a_change_that_is_answered_too_deep_may_have_been_done(server, session):
    server.answers(200, b"[" * 500 + b"]" * 500)
    response = session.post_json("/x", {})
    with pytest.raises(LostResponseError, match="nested more than 32 levels deep"):
        response.parse_object()


@pytest.mark.parametrize("levels", [100, 900, 30_000])
def test_a_refusal_may_be_nested_without_end(server, session, levels):
    server.answers(400, b"[" * levels + b"]" * levels)
    with pytest.raises(SalesforceError) as caught:
        session.get("/x")
    assert len(caught.value.message) < 500


# Texts --------------------------------------------------------------------------------------------


def test_a_refusal_is_quoted_by_its_beginning(server, session):
    fault = {"errorCode": "X" * 9_000, "message": "y" * 9_000, "fields": ["z" * 90] * 99}
    server.answers(400, [fault] * 2)
    with pytest.raises(SalesforceError) as caught:
        session.get("/x")
    error = caught.value
    assert len(error.message) < 500
    assert sum(map(len, error.notes)) < 30_000
    assert len(error.faults[0].message) == bounds.FAULT_CHARACTERS


def test_a_refusal_of_many_errors_names_the_first(server, session):
    server.answers(400, [{"errorCode": f"E{number}", "message": "no"} for number in range(1_000)])
    with pytest.raises(SalesforceError) as caught:
        session.get("/x")
    assert [fault.code for fault in caught.value.faults] == [f"E{number}" for number in range(10)]
    assert len(caught.value.notes) < 10


# Heads --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
    ],
    ids=["another protocol", "no status", "many headers", "a long header", "two lengths"],
)
@pytest.mark.parametrize("method", ["get", "post_json"])
def test_a_head_that_is_not_http_is_named_so(server, connect, head, method):
    server.sends(head)
    session = connect(server, policy=RetryPolicy(attempts=1))
    with pytest.raises(LostResponseError, match="with something that is not HTTP") as caught:
        session.get("/x") if method == "get" else session.post_json("/x", {})
    assert caught.value.ambiguous is (method == "post_json")


def test_a_closed_connection_is_no_malformed_head(server, connect):
    server.cuts_after_reading()
    with pytest.raises(LostResponseError, match="closed the connection before it responded to"):
        connect(server, policy=RetryPolicy(attempts=1)).get("/x")


@pytest.mark.parametrize("status", [b"103 Early Hints", b"102 Processing", b"100 Continue"])
def test_an_interim_answer_is_passed_over(server, session, status):
    interim = b"HTTP/1.1 " + status + b"\r\nLink: </a>; rel=preload\r\n\r\n"
    server.sends(interim + interim + OK)
    assert session.get("/x").parse_json() == {}


@pytest.mark.parametrize("method", ["get", "post_json"])
def test_a_change_of_protocol_is_no_redirect(server, session, method):
    server.sends(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x05hello")
    server.answers(200, {})
    kind = BadResponseError if method == "get" else LostResponseError
    with pytest.raises(kind, match="the interim status 101") as caught:
        session.get("/x") if method == "get" else session.post_json("/x", {})
    assert "redirect" not in str(caught.value)
    # What follows on that connection is not a response.
    session.get("/x")
    assert server.connections == 2


# Time ---------------------------------------------------------------------------------------------


def test_all_attempts_together_take_a_bounded_time(server, connect, surroundings):
    """Each attempt takes two minutes of a clock that the response moves."""
    times = []

    def drips(connection, server):
        server.read_request(connection)
        times.append(surroundings.time)
        surroundings.time += 120
        return False

    server.script.extend([drips] * 5)
    session = connect(server, timeouts=Timeouts(read=120))
    with pytest.raises(LostResponseError):
        session.get("/x")
    assert len(times) == 3
    assert times[-1] - times[0] < 300


def test_a_patient_call_ends_with_its_patience_and_one_attempt(server, connect, surroundings):
    began = surroundings.time

    def drips(connection, server):
        server.read_request(connection)
        surroundings.time += 240
        return False

    server.script.extend([drips] * 9)
    with pytest.raises(LostResponseError):
        connect(server).with_patience(900).get("/x")
    assert surroundings.time - began <= 900 + 240
