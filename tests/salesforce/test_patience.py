"""Patience: what is waited out, for how long, and what fails immediately."""

from __future__ import annotations

import io
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkflow.errors import RunInterruptedError, UsageError
from bulkflow_salesforce import (
    BadResponseError,
    BytesBody,
    Call,
    ForbiddenError,
    LimitExceededError,
    LostResponseError,
    NotFoundError,
    OrgAddress,
    ProxyRefusedError,
    ResponseTimeoutError,
    RetryBudget,
    RetryPolicy,
    SalesforceError,
    ServerFaultError,
    Session,
    StaticToken,
    Timeouts,
    TlsError,
    TransportError,
    UnauthorizedError,
    UnreachableError,
    is_transient,
    was_never_started,
)
from bulkflow_salesforce.http.api_fault import ApiFault
from bulkflow_salesforce.http.error_parser import parse_error_response
from bulkflow_salesforce.http.errors import UnknownHostError
from bulkflow_salesforce.http.headers import Headers

MINUTES = 60.0
CALLS = {
    "GET": lambda session: session.get("/x"),
    "POST": lambda session: session.post_json("/x", {}),
    "PATCH": lambda session: session.patch_json("/x", {}),
    "PUT": lambda session: session.put_body("/x", BytesBody(b"Name\n"), "text/csv"),
    "DELETE": lambda session: session.delete("/x"),
}
every_method = pytest.mark.parametrize("method", CALLS)
UNSAFE = [method for method in CALLS if method != "GET"]


def for_ever(server, act) -> None:
    """Play an act for each request from now on."""
    act()
    repeated = server.script.pop()
    server.script.extend([repeated] * 2000)


# What is waited out -------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520, 529])
def test_a_look_is_repeated_until_the_patience_is_over(server, session, surroundings, status):
    for_ever(server, lambda: server.refuses(status, "SERVER_UNAVAILABLE", "busy"))
    began = surroundings.time
    with pytest.raises(SalesforceError, match="busy"):
        session.with_patience(15 * MINUTES).get("/x")
    assert surroundings.time - began == pytest.approx(15 * MINUTES)
    assert surroundings.slept[:8] == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert max(surroundings.slept) == 30.0
    # The last attempt is made when the time has passed, not before.
    assert len(server.seen) == len(surroundings.slept) + 1


def test_the_default_of_a_session_stays_impatient(server, session, surroundings):
    session.with_patience(15 * MINUTES)
    for_ever(server, lambda: server.refuses(503, "SERVER_UNAVAILABLE"))
    with pytest.raises(ServerFaultError):
        session.get("/x")
    assert surroundings.slept == [0.5, 1.0, 2.0, 4.0]


CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"


@pytest.mark.parametrize("how", ["cut", "silent", "cut in the body"])
def test_a_look_whose_answer_is_lost_is_repeated(server, connect, how):
    # Short for the eight that are silent; the answer is there for each look after them.
    session = connect(server, timeouts=Timeouts(connect=30, read=0.1, upload=30))
    for _ in range(8):
        {
            "cut": server.cuts_after_reading,
            "silent": server.stays_silent,
            "cut in the body": lambda: server.sends(CUT),
        }[how]()
    for_ever(server, lambda: server.answers(200, {"fine": True}))
    assert session.with_patience(15 * MINUTES).get("/x").parse_json() == {"fine": True}


@every_method
def test_any_request_waits_for_a_server_that_is_away(connect, surroundings, method):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        session = connect(f"http://127.0.0.1:{probe.getsockname()[1]}").with_patience(100)
        with pytest.raises(UnreachableError):
            CALLS[method](session)
    assert sum(surroundings.slept) == pytest.approx(100)


@pytest.mark.parametrize("status", [420, 429])
@every_method
def test_what_was_not_begun_is_repeated_for_any_method(
    server, session, surroundings, method, status
):
    for _ in range(9):
        server.refuses(status, "TooManyRequests")
    server.answers(200, {})
    assert CALLS[method](session.with_patience(15 * MINUTES)).status == 200
    assert len(surroundings.slept) == 9


CROWDED = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."


@every_method
def test_too_many_requests_at_a_time_are_waited_out(server, session, surroundings, method):
    server.refuses(403, "REQUEST_LIMIT_EXCEEDED", CROWDED)
    server.answers(200, {})
    assert CALLS[method](session.with_patience(15 * MINUTES)).status == 200
    assert surroundings.slept == [0.5]


def test_a_retry_after_is_obeyed_up_to_the_end_of_the_patience(server, session, surroundings):
    for _ in range(3):
        server.refuses(503, "SERVER_UNAVAILABLE", Retry_After="100")
    with pytest.raises(ServerFaultError):
        session.with_patience(150).get("/x")
    assert surroundings.slept == [100.0, 50.0]


def test_a_view_gives_up_at_a_time_whatever_its_patience(server, session, surroundings):
    for_ever(server, lambda: server.refuses(503, "SERVER_UNAVAILABLE"))
    view = session.with_patience(15 * MINUTES, until=surroundings.time + 60)
    for _ in range(2):
        with pytest.raises(ServerFaultError):
            view.get("/x")
    # The second call has no time left: it is tried once.
    assert sum(surroundings.slept) == pytest.approx(60)
    assert len(server.seen) == len(surroundings.slept) + 2


def test_the_time_of_the_requests_themselves_counts(server, session, surroundings):
    def answer_slowly(connection, server):
        server.read_request(connection)
        surroundings.time += 40
        connection.sendall(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
        return True

    server.script.extend([answer_slowly] * 5)
    with pytest.raises(ServerFaultError):
        session.with_patience(100).get("/x")
    assert len(server.seen) == 3


def test_a_download_is_waited_for_too(server, session):
    for _ in range(9):
        server.refuses(503, "SERVER_UNAVAILABLE")
    server.answers(200, b"Id\n1\n", {"Content-Type": "text/csv"})
    stream = io.BytesIO()
    assert session.with_patience(15 * MINUTES).download("/x", stream).bytes == 5


def test_a_host_that_was_known_is_waited_for_and_one_that_was_not_is_no_longer(
    server, connect, surroundings, monkeypatch
):
    url = server.url.replace("127.0.0.1", "localhost")
    session = connect(url)
    real = socket.getaddrinfo

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(UnknownHostError) as caught:
        session.with_patience(15 * MINUTES).get("/x")
    assert not is_transient(caught.value)
    assert surroundings.slept == [0.5, 1.0, 2.0, 4.0]
    monkeypatch.setattr(socket, "getaddrinfo", real)
    server.answers(200, {}, {"Connection": "close"})
    session.get("/x")
    surroundings.slept.clear()
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(UnknownHostError) as caught:
        session.with_patience(15 * MINUTES).get("/x")
    assert is_transient(caught.value)
    assert sum(surroundings.slept) == pytest.approx(15 * MINUTES)


def test_pauses_are_jittered(server, surroundings):
    chances = iter([1.0, 0.5, 0.0])
    server.refuses(503, "X")
    server.refuses(503, "X")
    server.refuses(503, "X")
    server.answers(200, {})
    with Session(
        OrgAddress(server.url),
        StaticToken("t"),
        sleep=surroundings.sleep,
        random=lambda: next(chances),
        clock=surroundings.now,
    ) as session:
        session.with_patience(900).get("/x")
    assert surroundings.slept == [0.25, 0.75, 2.0]


# What is final, and what is never repeated --------------------------------------------------------


@pytest.mark.parametrize("method", UNSAFE)
def test_a_change_that_may_have_been_done_is_not_repeated(server, session, surroundings, method):
    server.cuts_after_reading()
    server.answers(200, {})
    with pytest.raises(LostResponseError) as caught:
        CALLS[method](session.with_patience(15 * MINUTES))
    assert caught.value.ambiguous
    assert is_transient(caught.value)
    assert not was_never_started(caught.value)
    assert len(server.seen) == 1
    assert surroundings.slept == []


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
        (403, "API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner"),
        (403, "API_CURRENTLY_DISABLED", "API is currently disabled for this user"),
        (400, "LIMIT_EXCEEDED", "ConcurrentRequests of another kind"),
        (400, "INVALIDJOBSTATE", "no"),
        (404, "NOT_FOUND", "no"),
        (501, "UNSUPPORTED", "no"),
    ],
)
@every_method
def test_what_is_final_is_final_at_once(
    server, session, surroundings, method, status, code, message
):
    server.refuses(status, code, message)
    server.answers(200, {})
    with pytest.raises((SalesforceError, LostResponseError)):
        CALLS[method](session.with_patience(15 * MINUTES))
    assert len(server.seen) == 1
    assert surroundings.slept == []


def test_a_sleep_that_raises_ends_a_patient_call(server):
    def interrupted(_seconds):
        raise RunInterruptedError("stopped")

    server.refuses(503, "X")
    session = Session(OrgAddress(server.url), StaticToken("t"), sleep=interrupted)
    with session, pytest.raises(RunInterruptedError):
        session.with_patience(900).get("/x")
    assert len(server.seen) == 1


# What a view shares -------------------------------------------------------------------------------


def test_a_spent_budget_slows_a_patient_call_and_does_not_end_it(server, connect, surroundings):
    session = connect(server, budget=RetryBudget(2, 0))
    for_ever(server, lambda: server.refuses(503, "X"))
    with pytest.raises(ServerFaultError) as caught:
        session.with_patience(200).get("/x")
    assert surroundings.slept == [0.5, 1.0, 30.0, 30.0, 30.0, 30.0, 30.0, 30.0, 18.5]
    assert caught.value.notes == ()


def test_a_view_shares_connections_token_and_limits(server, session):
    usage = {"Sforce-Limit-Info": "api-usage=23/5000"}
    server.answers(200, {}, usage)
    server.answers(200, {}, {"Sforce-Limit-Info": "api-usage=24/5000"})
    view = session.with_patience(900)
    view.get("/x")
    assert session.limit_info is not None
    assert session.limit_info.used == 23
    session.get("/x")
    assert view.limit_info is not None
    assert view.limit_info.used == 24
    assert server.connections == 1
    session.close()
    with pytest.raises(UnreachableError, match="closed"):
        view.get("/x")


class Renewing:
    """Provides a new token when its host is back."""

    def __init__(self, away: int) -> None:
        self.away = away

    def token(self):
        return "one"

    def renew(self, stale):
        if self.away:
            self.away -= 1
            call = Call("POST", "/services/oauth2/token", "login.example", harmless=True)
            raise ServerFaultError("away", call=call, status=503)
        return "two"


def test_a_login_host_that_is_away_is_waited_for_when_the_token_ends(server, connect, surroundings):
    server.refuses(401, "INVALID_SESSION_ID", "Session expired or invalid")
    server.answers(200, {})
    session = connect(server, tokens=Renewing(away=7))
    assert session.with_patience(900).post_json("/x", {}).status == 200
    assert [seen.token for seen in server.seen] == ["one", "two"]
    assert len(surroundings.slept) == 7


def test_an_impatient_session_does_not_add_to_the_attempts_of_the_login(
    server, connect, surroundings
):
    server.refuses(401, "INVALID_SESSION_ID", "Session expired or invalid")
    with pytest.raises(ServerFaultError, match="away"):
        connect(server, tokens=Renewing(away=1)).get("/x")
    assert surroundings.slept == []


# What is said -------------------------------------------------------------------------------------


def test_a_notice_says_what_is_waited_out_and_until_when(server, session, surroundings):
    for _ in range(3):
        server.refuses(503, "SERVER_UNAVAILABLE", "busy")
    server.answers(200, {})
    session.with_patience(900).get("/x")
    last = surroundings.notices[-1]
    assert (last.wait, last.elapsed, last.limit) == (2.0, 1.5, 900)
    assert last.bound == "waited out for 2 s, up to 900 s"
    server.refuses(503, "SERVER_UNAVAILABLE", "busy")
    server.answers(200, {})
    session.get("/x")
    assert surroundings.notices[-1].limit is None
    assert surroundings.notices[-1].bound == "1 of 4"


# The two questions --------------------------------------------------------------------------------

GET, POST = Call("GET", "/x", "h"), Call("POST", "/x", "h")


def refused(status, code="", message="", call=POST):
    body = b'[{"errorCode": "%s", "message": "%s"}]' % (code.encode(), message.encode())
    headers = Headers([("Content-Type", "application/json")])
    return parse_error_response(call, status, headers, body, now=0.0)


@pytest.mark.parametrize(
    ("error", "passing", "begun_not"),
    [
        (UnreachableError("m", call=POST), True, True),
        (UnknownHostError("m", call=POST, known_before=True), True, True),
        (UnknownHostError("m", call=POST, known_before=False), False, True),
        (ProxyRefusedError("m", call=POST), False, True),
        (TlsError("m", call=POST), False, True),
        (LostResponseError("m", call=POST), True, False),
        (ResponseTimeoutError("m", call=GET), True, False),
        (BadResponseError("m", call=POST), False, False),
        (TransportError("m", call=POST), False, False),
        (refused(401, "INVALID_SESSION_ID"), False, True),
        (refused(404, "NOT_FOUND"), False, True),
        (refused(420), True, True),
        (refused(429), True, True),
        (refused(403, "REQUEST_LIMIT_EXCEEDED", CROWDED), True, True),
        (
            refused(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
            False,
            True,
        ),
        (refused(400, "ExceededQuota", "batches"), False, False),
        (refused(400, "LIMIT_EXCEEDED", "jobs"), False, False),
        (refused(403, "API_DISABLED_FOR_ORG"), False, False),
        (refused(400, "INVALIDJOB"), False, False),
        (refused(408), True, False),
        (refused(413), False, False),
        (refused(500), True, False),
        (refused(503, call=GET), True, False),
        (RunInterruptedError("stopped"), False, False),
        (UsageError("wrong"), False, False),
    ],
)
def test_what_may_pass_and_what_was_not_begun(error, passing, begun_not):
    assert is_transient(error) is passing
    assert was_never_started(error) is begun_not


def test_classes_that_the_rule_names_are_what_refusals_become():
    assert isinstance(refused(401), UnauthorizedError)
    assert isinstance(refused(404), NotFoundError)
    assert isinstance(refused(403), ForbiddenError)
    assert isinstance(refused(403, "REQUEST_LIMIT_EXCEEDED", "x"), LimitExceededError)
    crowded = LimitExceededError(
        "m", call=POST, status=403, faults=[ApiFault("REQUEST_LIMIT_EXCEEDED", CROWDED)]
    )
    assert is_transient(crowded)


@given(st.integers(1, 10_000), st.floats(0, 1), st.floats(0, 2000), st.booleans())
def test_a_patient_pause_ends_with_the_patience(attempt, chance, elapsed, spent):
    policy = RetryPolicy().with_patience(900)
    error = UnreachableError("m", call=POST)
    wait = policy.compute_wait(error, attempt, chance, elapsed=elapsed, spent=spent)
    if elapsed >= 900:
        assert wait is None
    else:
        assert wait is not None
        assert 0 < wait <= 30
        assert elapsed + wait <= 900.1
