"""The log of requests has what an operator needs, and never a secret."""

from __future__ import annotations

import logging
import socket

import pytest

from bulkflow_salesforce import (
    BytesBody,
    LimitExceededError,
    LimitInfo,
    RetryBudget,
    SalesforceError,
    ServerFaultError,
    UnauthorizedError,
    UnreachableError,
)

TOKEN = "00D000000000001!AQcAQSecretSecretSecret.Secret_Secret"
LIMITS = {"Sforce-Limit-Info": "api-usage=23/5000000", "X-SFDC-Request-Id": "TID:42"}
NEW_TOKEN = "00D000000000001!AQnewNewNewNewNew.New_New"


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture):
    """Records everything, and searches each record for the tokens at the end."""
    caplog.set_level(logging.DEBUG)
    yield
    for record in caplog.records:
        shown = f"{record.getMessage()} {record.msg} {record.args!r} {record.exc_text}"
        for secret in (TOKEN, NEW_TOKEN, "geheim"):
            assert secret not in shown


def lines(caplog: pytest.LogCaptureFixture, module: str) -> list[str]:
    name = f"bulkflow_salesforce.http.{module}"
    found = [record for record in caplog.records if record.name == name]
    level = logging.DEBUG if module == "transport" else logging.INFO
    assert all(record.levelno == level for record in found)
    return [record.getMessage() for record in found]


def test_a_request_and_its_response_are_logged(server, session, caplog):
    server.answers(200, {"id": "1"}, LIMITS)
    session.get("/services/data/v66.0/query?token=geheim", query={"q": "geheim"})
    assert server.seen[0].token == TOKEN
    sent, received = lines(caplog, "transport")
    assert sent == f"GET {server.url}/services/data/v66.0/query: sending 0 bytes"
    assert received == (
        "GET /services/data/v66.0/query: status 200 after 0.000 s, request id TID:42,"
        " limits api-usage=23/5000000"
    )


def test_the_size_of_a_body_is_logged_and_never_its_content(server, session, caplog):
    server.answers(201)
    session.put_body("/jobs/1/batches", BytesBody(b"geheim\n" * 100), "text/csv")
    sent, received = lines(caplog, "transport")
    assert sent.endswith("/jobs/1/batches: sending 700 bytes")
    assert "status 201" in received
    assert received.endswith("request id -, limits -")


def test_another_request_id_is_logged_too(server, session, caplog):
    server.answers(200, {}, {"X-Request-Id": "abc"})
    session.get("/x")
    assert "request id abc" in lines(caplog, "transport")[-1]


def test_an_echoed_token_is_hidden_in_the_log(server, session, caplog):
    echo = {"X-Request-Id": TOKEN, "Sforce-Limit-Info": f"api-usage={TOKEN}"}
    server.answers(200, {}, echo)
    server.refuses(400, "MALFORMED", f"no {TOKEN}")
    session.get("/x")
    with pytest.raises(SalesforceError):
        session.get("/x")
    assert "request id [hidden], limits api-usage=[hidden]" in caplog.text


@pytest.mark.parametrize("echoed", [TOKEN, "plain words"])
def test_a_retry_is_logged_with_its_reason(server, session, caplog, echoed):
    server.refuses(503, "UNAVAILABLE", f"later {echoed}")
    server.answers(200, {})
    session.get("/x?q=geheim")
    (retry,) = lines(caplog, "dispatcher")
    assert retry.startswith("GET /x retried in 0.5 s (1 of 4): ")
    assert "503 UNAVAILABLE: later" in retry
    assert lines(caplog, "transport")[2] == "GET /x failed after 0.000 s: ServerFaultError"


def test_a_failure_to_connect_is_logged(connect, caplog):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with pytest.raises(UnreachableError):
        connect(f"http://127.0.0.1:{port}").get("/x")
    assert "GET /x failed after 0.000 s: UnreachableError" in lines(caplog, "transport")
    assert len(lines(caplog, "dispatcher")) == 4


def test_a_spent_retry_budget_is_logged(server, connect, caplog):
    server.refuses(503, "UNAVAILABLE")
    with pytest.raises(ServerFaultError):
        connect(server, budget=RetryBudget(0)).get("/x")
    assert lines(caplog, "dispatcher") == ["GET /x not retried: the retry budget is spent"]


class Provider:
    """Gives one token, and then another."""

    def __init__(self, new: str | None) -> None:
        self._new = new

    def token(self) -> str:
        return TOKEN

    def renew(self, stale: str) -> str | None:
        return self._new


def test_the_renewal_of_a_token_is_logged(server, connect, caplog):
    server.refuses(401, "INVALID_SESSION_ID", "Session expired or invalid")
    server.answers(200, {})
    connect(server, tokens=Provider(NEW_TOKEN)).get("/x")
    asked, renewed = lines(caplog, "tokens")
    assert (asked, renewed) == (
        "access token refused; asking for a new one",
        "access token renewed",
    )


def test_a_token_that_cannot_be_renewed_is_logged(server, connect, caplog):
    server.refuses(401, "INVALID_SESSION_ID", "Session expired or invalid")
    with pytest.raises(UnauthorizedError):
        connect(server, tokens=Provider(None)).get("/x")
    assert lines(caplog, "tokens")[-1] == "access token cannot be renewed"


def test_throttling_is_logged(server, session, caplog):
    server.answers(200, {}, {"Sforce-Limit-Info": "api-usage=99/100"})
    server.answers(200, {})
    session.get("/x")
    assert session.limit_info == LimitInfo(99, 100)
    session.get("/x")
    (throttled,) = lines(caplog, "dispatcher")
    assert throttled == "throttled for 24.0 s: 1 of 100 daily API requests left"


def test_a_limit_that_patience_waits_out_is_logged(server, session, caplog):
    crowded = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
    server.refuses(403, "REQUEST_LIMIT_EXCEEDED", crowded)
    server.answers(200, {})
    session.with_patience(60).get("/x")
    (retry,) = lines(caplog, "dispatcher")
    assert "(waited out for 0 s, up to 60 s)" in retry
    server.refuses(403, "REQUEST_LIMIT_EXCEEDED", crowded)
    with pytest.raises(LimitExceededError):
        session.get("/x")
