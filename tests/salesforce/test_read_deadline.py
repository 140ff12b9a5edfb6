"""Responses that trickle have a deadline, although each byte arrives soon after the last.

Server and clock go in step: a look at the clock lets five seconds pass and one more piece out.
"""

from __future__ import annotations

import io
import threading

import pytest

from bulkflow_salesforce import (
    BytesBody,
    Network,
    ResponseTimeoutError,
    RetryPolicy,
    SalesforceError,
    Timeouts,
    UnreachableError,
)
from bulkflow_salesforce.http.network import Proxy

STEP = 5.0
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\n%b\r\n\r\n"
JSON = HEAD % (b"application/json", b"Content-Length: 1000000")
CSV = HEAD % (b"text/csv", b"Content-Length: 400000")
LENIENT = Timeouts(read=120, upload=600)


class Drip:
    """An act of a hostile server, and the clock that it waits for."""

    def __init__(self, first: bytes, piece: bytes = b"a", pieces: int = 10**6) -> None:
        self.first, self.piece, self.pieces = first, piece, pieces
        self.time = 0.0
        self.out = threading.Semaphore(0)

    def __call__(self, connection, server) -> bool:
        server.read_request(connection)
        connection.sendall(self.first)
        for _ in range(self.pieces):
            self.out.acquire()
            if server.stopping.is_set():
                return False
            connection.sendall(self.piece)
        return True

    def clock(self) -> float:
        self.time += STEP
        self.out.release()
        return self.time


@pytest.fixture
def drips(server, connect):
    """Has the server drip, and gives a session that goes in step with it."""
    made = []

    def make(first: bytes, piece: bytes = b"a", pieces: int = 10**6, **options):
        drip = Drip(first, piece, pieces)
        made.append(drip)
        server.script.append(drip)
        options.setdefault("timeouts", LENIENT)
        options.setdefault("policy", RetryPolicy(attempts=1))
        return drip, connect(server, clock=drip.clock, **options)

    yield make
    server.stopping.set()
    for drip in made:
        drip.out.release()


@pytest.mark.parametrize(
    "first",
    [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 100 Continue\r\n"],
    ids=["status", "header", "interim"],
)
def test_a_head_that_drips_ends_as_if_none_had_come(drips, first) -> None:
    drip, session = drips(first)
    with pytest.raises(ResponseTimeoutError, match=r"did not respond to GET /x within 120 s"):
        session.get("/x")
    assert drip.time < 400


@pytest.mark.parametrize(
    ("first", "piece"),
    [
        (JSON, b" "),
        (HEAD % (b"application/json", b"Transfer-Encoding: chunked"), b"0"),
        (HEAD % (b"application/json", b"Transfer-Encoding: chunked"), b"1\r\n \r\n"),
        (HEAD % (b"application/json", b"Content-Encoding: gzip"), b"\x1f"),
        (HEAD % (b"application/json", b"Connection: close"), b" "),
    ],
    ids=["length", "chunk size", "chunks", "gzip", "close"],
)
def test_a_body_that_drips_ends_in_a_timeout(drips, first, piece) -> None:
    drip, session = drips(first, piece)
    with pytest.raises(
        ResponseTimeoutError, match=r"did not finish its response to GET /x within 120 s"
    ):
        session.get("/x")
    assert drip.time < 800


def test_a_refusal_that_drips_is_told_with_what_came_of_it(drips) -> None:
    drip, session = drips(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 99999\r\n\r\n")
    with pytest.raises(SalesforceError, match="400"):
        session.get("/x")
    assert drip.time < 800


def test_a_change_whose_answer_drips_may_have_been_done_and_is_not_repeated(server, drips) -> None:
    _, session = drips(JSON, b" ", policy=RetryPolicy(attempts=5))
    with pytest.raises(ResponseTimeoutError) as caught:
        session.post_json("/x", {})
    assert caught.value.ambiguous
    assert len(server.seen) == 1


def test_the_answer_to_an_upload_may_begin_late_and_not_drip(drips) -> None:
    drip, session = drips(b"")
    with pytest.raises(ResponseTimeoutError, match="within 600 s") as caught:
        session.put_body("/x", BytesBody(b"A\n1\n"), "text/csv")
    assert caught.value.ambiguous
    assert 600 < drip.time < 1800


def test_a_download_that_drips_is_given_up_and_asked_for_again(server, drips, tmp_path) -> None:
    _, session = drips(CSV, b"a\n", policy=RetryPolicy(attempts=2))
    server.answers(200, b"Id\n1\n", {"Content-Type": "text/csv"})
    target = tmp_path / "results.csv"
    assert session.download("/x", target).bytes == 5
    assert target.read_bytes() == b"Id\n1\n"
    assert list(tmp_path.iterdir()) == [target]


def test_a_download_that_drips_to_the_last_attempt_says_how_slow_it_was(drips) -> None:
    _, session = drips(CSV)
    with pytest.raises(ResponseTimeoutError, match=r"at less than 1,000 bytes per second"):
        session.download("/x", io.BytesIO())


def test_a_download_may_take_as_long_as_it_needs_if_it_goes_on(drips) -> None:
    drip, session = drips(CSV, b"a" * 8000, 50)
    out = io.BytesIO()
    session.download("/x", out)
    assert out.getvalue() == b"a" * 400_000
    assert drip.time > 120


def test_a_download_that_slows_down_is_given_up(drips) -> None:
    _, session = drips(CSV + b"a" * 399_000)
    with pytest.raises(ResponseTimeoutError, match="less than"):
        session.download("/x", io.BytesIO())


def test_what_the_reader_takes_time_for_is_not_the_server_s(server, connect) -> None:
    now = [0.0]

    class Slow(io.BytesIO):
        def write(self, piece) -> int:
            now[0] += 1000
            return super().write(piece)

    server.answers(200, b"a" * 3_000_000, {"Content-Type": "text/csv"})
    session = connect(server, clock=lambda: now[0], timeouts=LENIENT)
    assert session.download("/x", Slow()).bytes == 3_000_000


def test_it_is_the_same_over_tls(tls_server, connect, certificate) -> None:
    drip = Drip(JSON, b" ")
    tls_server.script.append(drip)
    session = connect(
        tls_server,
        clock=drip.clock,
        timeouts=LENIENT,
        policy=RetryPolicy(attempts=1),
        ca_file=certificate[0],
    )
    with pytest.raises(ResponseTimeoutError, match="did not finish its response"):
        session.get("/x")
    tls_server.stopping.set()
    drip.out.release()


def test_a_proxy_that_drips_lets_nobody_through(server, connect) -> None:
    drip = Drip(b"HTTP/1.1 200 ")
    server.script.append(drip)
    session = connect(
        "https://acme.my.salesforce.com",
        clock=drip.clock,
        timeouts=Timeouts(connect=60),
        policy=RetryPolicy(attempts=1),
        network=Network(proxy=Proxy(server.url)),
    )
    with pytest.raises(UnreachableError):
        session.get("/x")
    assert drip.time < 300
    server.stopping.set()
    drip.out.release()
