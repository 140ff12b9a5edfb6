"""A session with a misbehaving server: above all, nothing is done twice.

Answers that are whole as HTTP and after which the server closes say `Connection: close`, as a
client may use the connection again before it sees the end of it.
"""

from __future__ import annotations

import errno
import gzip
import io
import socket
import threading
import tracemalloc
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from attrs import Factory, define

from bulkflow.errors import DataError, RunInterruptedError, UsageError
from bulkflow_salesforce import (
    BadResponseError,
    BytesBody,
    LimitExceededError,
    LocalFileError,
    LostResponseError,
    OrgAddress,
    OrgError,
    ResponseTimeoutError,
    RetryPolicy,
    ServerFaultError,
    Session,
    StaticToken,
    Timeouts,
    TlsError,
    UnauthorizedError,
    UnreachableError,
)

DATA = b"Name,Id\n" * 40_000
CALLS = {
    "GET": lambda session: session.get("/x"),
    "POST": lambda session: session.post_json("/x", {"a": 1}),
    "PATCH": lambda session: session.patch_json("/x", {"a": 1}),
    "PUT": lambda session: session.put_body("/x", BytesBody(DATA), "text/csv"),
    "DELETE": lambda session: session.delete("/x"),
}
UNSAFE = ("POST", "PATCH", "PUT", "DELETE")
every_method = pytest.mark.parametrize("method", CALLS)
every_unsafe_method = pytest.mark.parametrize("method", UNSAFE)
HASTY = Timeouts(connect=0.2, read=0.1, upload=0.1)
CSV = {"Content-Type": "text/csv"}


# A lost answer ------------------------------------------------------------------------------------


def lose(server, how):
    {
        "cut after the request was read": server.cuts_after_reading,
        "cut before it was read": server.cuts_before_reading,
        "cut in the status line": lambda: server.sends(b"HTTP/1.1 20"),
        "not HTTP": lambda: server.sends(b"SSH-2.0-OpenSSH_9.6\r\n"),
        "cut in the body": lambda: server.sends(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"),
        "cut in a chunk": lambda: server.sends(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{}"
        ),
        "cut between chunks": lambda: server.sends(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"
        ),
        "bad gzip": lambda: server.sends(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n"
            b"Connection: close\r\n\r\nnot gzip!"
        ),
        "two lengths": lambda: server.sends(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"
        ),
    }[how]()


LOSSES = [
    "cut after the request was read",
    "cut before it was read",
    "cut in the status line",
    "not HTTP",
    "cut in the body",
    "cut in a chunk",
    "cut between chunks",
    "bad gzip",
    "two lengths",
]


@pytest.mark.parametrize("how", LOSSES)
def test_a_get_whose_answer_is_lost_is_repeated(server, session, surroundings, how):
    lose(server, how)
    server.answers(200, {"fine": True})
    assert session.get("/x").parse_json() == {"fine": True}
    assert surroundings.slept == [0.5]


@pytest.mark.parametrize("how", LOSSES)
@every_unsafe_method
def test_a_change_whose_answer_is_lost_is_never_repeated(server, session, method, how):
    lose(server, how)
    server.answers(200, {"fine": True})
    with pytest.raises(LostResponseError) as caught:
        CALLS[method](session)
    assert caught.value.ambiguous
    assert (caught.value.method, caught.value.path) == (method, "/x")
    assert "may or may not have processed the request" in caught.value.help
    assert len(server.script) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_get_is_repeated_after_a_passing_server_fault(server, session, surroundings, status):
    server.refuses(status, "SERVER_UNAVAILABLE", "busy")
    server.answers(status, b"<html><h1>Gateway</h1></html>", {"Content-Type": "text/html"})
    server.answers(200, {})
    assert session.get("/x").status == 200
    assert surroundings.slept == [0.5, 1.0]


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
@every_unsafe_method
def test_a_server_fault_leaves_a_change_ambiguous(server, session, method, status):
    server.refuses(status, "SERVER_UNAVAILABLE", "busy", Retry_After="1")
    server.answers(200, {})
    with pytest.raises(LostResponseError, match="SERVER_UNAVAILABLE") as caught:
        CALLS[method](session)
    assert caught.value.ambiguous
    assert isinstance(caught.value.__cause__, ServerFaultError)
    assert caught.value.__cause__.status == status
    assert len(server.seen) == 1


@every_method
def test_silence_ends_in_a_timeout(server, connect, method):
    session = connect(server, timeouts=HASTY, policy=RetryPolicy(attempts=1))
    server.stays_silent()
    with pytest.raises(ResponseTimeoutError, match=r"within 0\.1 s") as caught:
        CALLS[method](session)
    assert caught.value.ambiguous == (method != "GET")


def test_a_server_that_stops_taking_data_ends_in_a_timeout(server, connect):
    server.script.append(lambda _connection, server: server.stopping.wait() and False)
    with pytest.raises(ResponseTimeoutError) as caught:
        connect(server, timeouts=HASTY).put_body("/x", BytesBody(bytes(30_000_000)), "text/csv")
    assert caught.value.ambiguous


def test_data_may_wait_for_longer_than_a_connection_may(server, connect):
    def take_late(connection, server):
        server.stopping.wait(0.3)
        server.read_request(connection)
        connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        return True

    server.script.append(take_late)
    server.script.append(take_late)
    session = connect(server, timeouts=Timeouts(connect=0.1, read=30, upload=30))
    for _ in range(2):
        session.put_body("/x", BytesBody(bytes(30_000_000)), "text/csv")
    assert [len(seen.body) for seen in server.seen] == [30_000_000] * 2
    assert server.connections == 1


def test_silence_within_the_body_ends_in_a_timeout(server, connect):
    # Long enough for the second response on a busy machine.
    session = connect(server, timeouts=Timeouts(connect=30, read=3, upload=30))
    server.stays_silent(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}")
    server.answers(200, {})
    assert session.get("/x").status == 200


def test_a_change_that_timed_out_is_not_repeated(server, connect):
    session = connect(server, timeouts=HASTY)
    server.stays_silent()
    server.answers(200, {})
    with pytest.raises(ResponseTimeoutError):
        session.post_json("/x", {})
    assert server.has_seen(1)


def test_after_the_last_attempt_the_error_comes_out(server, connect, surroundings):
    session = connect(server, policy=RetryPolicy(attempts=3))
    for _ in range(3):
        server.refuses(500, "UNKNOWN_EXCEPTION", "ErrorId 1-2")
    with pytest.raises(ServerFaultError, match="ErrorId 1-2"):
        session.get("/x")
    assert surroundings.slept == [0.5, 1.0]
    assert [notice.attempt for notice in surroundings.notices] == [1, 2]
    assert surroundings.notices[0].attempts == 3
    assert "UNKNOWN_EXCEPTION" in surroundings.notices[0].reason


def test_a_sleep_that_raises_ends_the_call(server, connect):
    def interrupted(_seconds):
        raise RunInterruptedError("stopped")

    session = Session(OrgAddress(server.url), StaticToken("t"), sleep=interrupted)
    server.refuses(503, "SERVER_UNAVAILABLE")
    with session, pytest.raises(RunInterruptedError):
        session.get("/x")
    assert len(server.seen) == 1


# Refusals of requests that were never started -----------------------------------------------------


@pytest.mark.parametrize("status", [420, 429])
@every_method
def test_what_was_not_begun_is_repeated_with_its_whole_body(server, session, method, status):
    server.answers(status, b"slow down", {"Content-Type": "text/plain"})
    server.answers(200, {})
    assert CALLS[method](session).status == 200
    first, second = server.seen
    assert first.body == second.body
    assert method != "PUT" or second.body == DATA


def test_retry_after_is_obeyed_in_seconds_and_as_a_date_up_to_the_cap(
    server, session, surroundings
):
    server.answers(429, headers={"Retry-After": "7"})
    soon = datetime.fromtimestamp(surroundings.time + 7 + 30, UTC)
    server.answers(503, headers={"Retry-After": format_datetime(soon, usegmt=True)})
    server.answers(429, headers={"Retry-After": "86400"})
    server.answers(503, headers={"Retry-After": "soon"})
    server.answers(200, {})
    session.get("/x")
    assert surroundings.slept == [7.0, 30.0, 120.0, 4.0]


@pytest.mark.parametrize("message", ["TotalRequests Limit exceeded.", "ConcurrentRequests (…)"])
def test_an_exhausted_request_limit_is_never_asked_again(server, session, surroundings, message):
    server.refuses(403, "REQUEST_LIMIT_EXCEEDED", message)
    server.answers(200, {})
    with pytest.raises(LimitExceededError):
        session.get("/x")
    assert len(server.seen) == 1
    assert surroundings.slept == []


# Tokens -------------------------------------------------------------------------------------------


@define
class Renewing:
    """Provides token-1, and then the next number for each refused one."""

    renewed: list[str] = Factory(list)
    most: int = 1

    def token(self):
        return "token-1"

    def renew(self, stale):
        self.renewed.append(stale)
        return f"token-{len(self.renewed) + 1}" if len(self.renewed) <= self.most else None


@every_method
def test_an_ended_session_is_renewed_and_the_request_repeated_once(server, connect, method):
    provider = Renewing()
    session = connect(server, tokens=provider)
    server.refuses(401, "INVALID_SESSION_ID", "Session expired or invalid")
    server.answers(200, {})
    assert CALLS[method](session).status == 200
    first, second = server.seen
    assert (first.token, second.token) == ("token-1", "token-2")
    assert first.body == second.body
    assert provider.renewed == ["token-1"]


def test_a_second_401_is_final(server, connect):
    provider = Renewing(most=9)
    session = connect(server, tokens=provider)
    for _ in range(3):
        server.refuses(401, "INVALID_SESSION_ID", "Session expired or invalid")
    with pytest.raises(UnauthorizedError):
        session.post_json("/x", {})
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("INVALID_SESSION_ID", "This session is not valid for use with the REST API"),
        ("INVALID_SESSION_ID", "Connected app is not attached to Agent"),
        ("INVALID_SESSION_ID", "BlackTab users cannot perform API operations"),
        ("INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE"),
    ],
)
def test_a_401_that_no_token_cures_stops_at_once(server, connect, code, message):
    provider = Renewing()
    session = connect(server, tokens=provider)
    server.refuses(401, code, message)
    with pytest.raises(UnauthorizedError, match=code):
        session.get("/x")
    assert provider.renewed == []


def test_a_token_that_cannot_be_renewed_is_refused_once_per_request(server, connect):
    provider = Renewing(most=0)
    session = connect(server, tokens=provider)
    for _ in range(2):
        server.refuses(401, "INVALID_SESSION_ID", "Session expired or invalid")
        with pytest.raises(UnauthorizedError):
            session.get("/x")
    assert len(server.seen) == 2
    assert provider.renewed == ["token-1"]


def test_many_threads_renew_a_token_once(server, connect):
    threads = 8
    provider = Renewing(most=9)
    session = connect(server, tokens=provider)
    together = threading.Barrier(threads)

    def refuse_all_at_once(connection, server):
        server.read_request(connection)
        together.wait(10)
        body = b'[{"errorCode":"INVALID_SESSION_ID","message":"Session expired or invalid"}]'
        head = b"HTTP/1.1 401 No\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        connection.sendall(head % len(body) + body)
        return True

    server.script.extend([refuse_all_at_once] * threads)
    for _ in range(threads):
        server.answers(200, {})
    statuses = []
    workers = [
        threading.Thread(target=lambda: statuses.append(session.get("/x").status))
        for _ in range(threads)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(10)
    assert statuses == [200] * threads
    assert provider.renewed == ["token-1"]
    assert sorted(seen.token for seen in server.seen) == ["token-1"] * 8 + ["token-2"] * 8


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX-Evil: 1", "tök", "a\n"])
def test_a_token_that_would_break_a_header_is_never_sent(server, connect, token):
    class Provider:
        def token(self):
            return token

        def renew(self, stale):
            return None

    session = connect(server, tokens=Provider())
    with pytest.raises(UsageError, match="access token") as caught:
        session.get("/x")
    assert server.connections == 0
    assert not token.strip() or token not in str(caught.value)


def test_a_token_that_the_server_repeats_is_hidden(server, connect):
    session = connect(server, tokens=StaticToken("plain-looking-words"))
    server.refuses(400, "X", "bad Authorization: plain-looking-words")
    with pytest.raises(Exception, match=r"\[hidden\]") as caught:
        session.get("/x")
    error = caught.value
    assert "plain-looking" not in f"{error} {error.help} {error.notes} {error.faults}"


# Nothing sent -------------------------------------------------------------------------------------


@pytest.fixture
def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@every_method
def test_a_refused_connection_is_tried_again_for_any_method(
    closed_port, connect, surroundings, method
):
    with pytest.raises(UnreachableError, match="cannot be reached"):
        CALLS[method](connect(closed_port))
    assert surroundings.slept == [0.5, 1.0, 2.0, 4.0]


def test_an_unknown_host_name_is_named(connect, surroundings):
    # .invalid is reserved (RFC 2606), so no resolver knows it.
    session = connect("https://org.invalid", policy=RetryPolicy(attempts=2))
    with pytest.raises(UnreachableError, match=r"org\.invalid cannot be resolved"):
        session.post_json("/x", {})
    assert surroundings.slept == [0.5]


@every_method
def test_a_cut_tls_handshake_is_tried_again_for_any_method(
    tls_server, certificate, connect, surroundings, method
):
    tls_server.dropping = 2
    tls_server.answers(200, {})
    assert CALLS[method](connect(tls_server, ca_file=certificate[0])).status == 200
    assert surroundings.slept == [0.5, 1.0]
    assert len(tls_server.seen) == 1


def test_a_silent_tls_handshake_is_unreachable_and_not_a_lost_answer(server, connect):
    server.script.append(lambda _connection, server: server.stopping.wait() and False)
    session = connect(
        server.url.replace("http:", "https:"), timeouts=HASTY, policy=RetryPolicy(attempts=1)
    )
    with pytest.raises(UnreachableError, match=r"accepted no connection within 0\.2 s"):
        session.post_json("/x", {})


def test_an_untrusted_certificate_is_refused_once(tls_server, connect, surroundings):
    with pytest.raises(TlsError, match="not trusted") as caught:
        connect(tls_server).post_json("/x", {})
    assert "SSL_CERT_FILE" in caught.value.help
    assert tls_server.seen == []
    assert surroundings.slept == []


def test_ssl_cert_file_is_trusted(tls_server, certificate, connect, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    tls_server.answers(200, {})
    assert connect(tls_server).get("/x").status == 200


def test_a_certificate_of_another_host_is_refused(tls_server, certificate, connect):
    url = tls_server.url.replace("localhost", "127.0.0.1")
    with pytest.raises(TlsError, match="not trusted"):
        connect(url, ca_file=certificate[0]).get("/x")


def test_a_server_without_tls_is_named_so(server, connect):
    server.script.append(lambda link, _: link.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n") or False)
    with pytest.raises(TlsError, match="the TLS handshake with"):
        connect(server.url.replace("http:", "https:")).get("/x")


def test_a_missing_ca_file_is_told_before_any_request(tls_server, connect, tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        connect(tls_server, ca_file=tmp_path / "none.pem")
    assert tls_server.connections == 0


def test_a_closed_session_sends_nothing(server, session):
    session.close()
    with pytest.raises(UnreachableError, match="closed"):
        session.get("/x")
    assert server.connections == 0


# Unusable responses -------------------------------------------------------------------------------

PAGE = b"<!DOCTYPE html><html><head><title>Login | Salesforce</title></head><body>Hi</body></html>"
HTML = {"Content-Type": "text/html;charset=UTF-8"}


@pytest.mark.parametrize("headers", [HTML, {"Content-Type": "application/json"}])
@every_method
def test_a_page_is_not_taken_for_success(server, session, method, headers):
    server.answers(200, PAGE, headers)
    expected = BadResponseError if method == "GET" else LostResponseError
    with pytest.raises(expected, match="a page instead of a response") as caught:
        CALLS[method](session)
    assert caught.value.notes == ("it says: Login | Salesforce Hi",)
    assert f"127.0.0.1:{server.port}" in str(caught.value)
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 407])
@every_method
def test_a_page_that_refuses_is_not_the_api(server, session, method, status):
    server.answers(status, PAGE, HTML)
    with pytest.raises(BadResponseError, match=f"status {status}"):
        CALLS[method](session)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@every_method
def test_a_redirect_is_told_and_not_followed(server, session, method, status):
    server.answers(status, PAGE, {"Location": f"{server.url}/login?token=1"})
    with pytest.raises(BadResponseError, match="redirect") as caught:
        CALLS[method](session)
    assert f"{server.url}/login" in str(caught.value)
    assert "token=1" not in str(caught.value)
    assert len(server.seen) == 1


@pytest.mark.parametrize("body", [b"", b"Id\n1\n", b"{", b"[" * 200_000, b"\xff\xfe", b"1" * 9999])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_is_not_json_is_told_so(server, session, method, body):
    server.answers(200, body)
    expected = BadResponseError if method == "GET" else LostResponseError
    response = CALLS[method](session)
    with pytest.raises(expected, match="JSON"):
        response.parse_object()


def test_an_early_success_is_no_success(server, session):
    def answer_the_head(connection, _server):
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        return False

    server.script.append(answer_the_head)
    with pytest.raises(LostResponseError):
        session.put_body("/x", BytesBody(b"x" * 30_000_000), "text/csv")


def test_a_small_answer_that_unpacks_to_a_huge_one_is_cut_off(server, connect):
    bomb = gzip.compress(bytes(50_000_000))
    server.answers(200, bomb, {"Content-Encoding": "gzip"})
    session = connect(server, response_limit=1 << 20)
    tracemalloc.start()
    with pytest.raises(BadResponseError, match="more than the limit of 1048576 bytes"):
        session.get("/x")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000


def test_a_refusal_that_unpacks_to_a_huge_one_is_cut_off(server, session):
    server.answers(400, gzip.compress(bytes(50_000_000)), {"Content-Encoding": "gzip"})
    with pytest.raises(Exception, match="400"):
        session.get("/x")


def test_an_endless_answer_is_cut_off(server, session):
    def endless(connection, server):
        server.read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"10000\r\n" + bytes(0x10000) + b"\r\n")

    server.script.append(endless)
    with pytest.raises(BadResponseError, match="more than the limit of 3000000 bytes"):
        session.download("/x", io.BytesIO(), limit=3_000_000)


def test_an_unknown_content_coding_is_refused(server, session):
    server.answers(200, b"...", {"Content-Encoding": "br"})
    with pytest.raises(BadResponseError, match="'br'"):
        session.get("/x")


# Downloads ----------------------------------------------------------------------------------------


def cut_download(server, how):
    packed = gzip.compress(DATA)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nConnection: close\r\n"
    length = head + b"Content-Length: %d\r\n"
    chunked = head + b"Transfer-Encoding: chunked\r\n"
    coded = b"Content-Encoding: gzip\r\n"
    server.sends(
        {
            "length": length % len(DATA) + b"\r\n" + DATA[:-9],
            "chunks": chunked + b"\r\n%x\r\n%s\r\n" % (len(DATA), DATA),
            "gzip length": length % len(packed) + coded + b"\r\n" + packed[:-9],
            # Every announced byte arrived, but the gzip data are incomplete.
            "gzip trailer": length % len(packed[:-9]) + coded + b"\r\n" + packed[:-9],
            "gzip chunks": chunked
            + coded
            + b"\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(packed) - 9, packed[:-9]),
            "gzip checksum": length % len(packed)
            + coded
            + b"\r\n"
            + packed[:-8]
            + b"\0\0\0\0"
            + packed[-4:],
        }[how]
    )


CUTS = ["length", "chunks", "gzip length", "gzip trailer", "gzip chunks", "gzip checksum"]


@pytest.mark.parametrize("how", CUTS)
@pytest.mark.parametrize("kind", ["file", "stream"])
def test_a_cut_download_is_taken_back_and_asked_for_again(server, session, tmp_path, how, kind):
    cut_download(server, how)
    server.answers(200, DATA, CSV)
    target = tmp_path / "rows.csv" if kind == "file" else io.BytesIO()
    info = session.download("/x", target)
    content = target.read_bytes() if kind == "file" else target.getvalue()
    assert content == DATA
    assert info.bytes == len(DATA)


@pytest.mark.parametrize("how", CUTS)
def test_a_cut_is_told_of_a_download_that_is_kept_packed(server, session, how):
    stream = io.BytesIO()
    cut_download(server, how)
    server.answers(200, gzip.compress(DATA), CSV | {"Content-Encoding": "gzip"})
    info = session.download("/x", stream, keep_gzip=True)
    assert gzip.decompress(stream.getvalue()) == DATA
    assert (info.bytes, info.coding) == (len(DATA), "gzip")


def test_a_download_that_is_kept_packed_is_cut_off_by_what_it_unpacks_to(server, session):
    server.answers(200, gzip.compress(bytes(50_000_000)), CSV | {"Content-Encoding": "gzip"})
    with pytest.raises(BadResponseError, match="more than the limit of 1048576 bytes"):
        session.download("/x", io.BytesIO(), limit=1 << 20, keep_gzip=True)


def test_gzip_of_nothing_that_goes_on_is_cut_off(server, session):
    stream = io.BytesIO()
    members = gzip.compress(b"") * 60_000
    server.answers(200, members, CSV | {"Content-Encoding": "gzip"})
    with pytest.raises(BadResponseError, match="more than the limit of 1048576 bytes"):
        session.download("/x", stream, limit=1 << 20, keep_gzip=True)
    assert len(stream.getvalue()) <= 1 << 20


def test_nothing_of_a_cut_download_stays_behind_a_shorter_one(server, session):
    stream = io.BytesIO(b"before;")
    stream.seek(0, io.SEEK_END)
    cut_download(server, "length")
    server.answers(200, b"short\n", CSV)
    session.download("/x", stream)
    assert stream.getvalue() == b"before;short\n"


@pytest.mark.parametrize("how", CUTS)
def test_a_download_that_stays_cut_leaves_the_old_file(server, connect, tmp_path, how):
    target = tmp_path / "rows.csv"
    target.write_bytes(b"old")
    cut_download(server, how)
    with pytest.raises(LostResponseError) as caught:
        connect(server, policy=RetryPolicy(attempts=1)).download("/x", target)
    assert not caught.value.ambiguous
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


class Pipe(io.BytesIO):
    def seekable(self):
        return False


def test_a_stream_that_cannot_go_back_is_written_once(server, session):
    pipe = Pipe()
    cut_download(server, "length")
    server.answers(200, DATA, CSV)
    with pytest.raises(LostResponseError):
        session.download("/x", pipe)
    assert pipe.getvalue() == DATA[:-9]
    assert len(server.script) == 1


def test_a_stream_that_cannot_go_back_may_begin_late(server, session):
    pipe = Pipe()
    server.refuses(503, "SERVER_UNAVAILABLE")
    server.answers(200, DATA, CSV)
    session.download("/x", pipe)
    assert pipe.getvalue() == DATA


def test_a_download_whose_end_cannot_be_told_from_a_cut_is_refused(server, session):
    server.sends(b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n\r\n" + DATA)
    with pytest.raises(BadResponseError, match="without a length or another mark of its end"):
        session.download("/x", io.BytesIO())


@pytest.mark.parametrize("media_type", ["text/html", "application/json", "application/xml"])
def test_a_download_of_something_else_is_refused(server, session, media_type):
    stream = io.BytesIO()
    server.answers(200, b"<p>Session ended", {"Content-Type": media_type})
    with pytest.raises(BadResponseError, match=media_type) as caught:
        session.download("/x", stream)
    assert caught.value.notes == ("it says: Session ended",)
    assert stream.getvalue() == b""


def test_a_full_disk_ends_a_download_without_a_second_request(server, session):
    class Full(io.BytesIO):
        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    server.answers(200, DATA, CSV)
    server.answers(200, DATA, CSV)
    with pytest.raises(LocalFileError, match="the disk is full") as caught:
        session.download("/x", Full())
    assert isinstance(caught.value.__cause__, OSError)
    assert len(server.script) == 1


# Bodies -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "expected", "words"),
    [
        (OSError(errno.EIO, "Input/output error"), LocalFileError, "the disk failed to read"),
        (ConnectionResetError("of a network disk"), LocalFileError, "of a network disk"),
        (DataError("line 3 changed"), DataError, "line 3 changed"),
        (None, LocalFileError, "ended 4000 bytes short"),
    ],
)
def test_a_body_that_fails_is_told_from_a_connection_that_does(
    server, connect, error, expected, words
):
    class Reader(io.BytesIO):
        def read(self, size=-1):
            data = super().read(size)
            if not data and error:
                raise error
            return data

    class Body:
        length = 24_000

        def open(self):
            return Reader(b"x" * 20_000)

    session = connect(server, connections=1)
    given_up = threading.Event()

    def read_what_comes(link, server):
        server.read_request(link)
        given_up.set()
        return False

    server.script.append(read_what_comes)
    with pytest.raises(expected, match=words):
        session.put_body("/x", Body(), "text/csv")
    assert given_up.wait(10)
    server.answers(200, {})
    assert session.get("/x").status == 200
    assert [len(seen.body) for seen in server.seen] == [20_000, 0]


@pytest.mark.parametrize("ending", ["well", "refused", "cut"])
def test_a_body_is_closed_however_its_request_ends(server, connect, ending):
    readers = []

    class Body:
        length = 4

        def open(self):
            readers.append(io.BytesIO(b"rows"))
            return readers[-1]

    {
        "well": lambda: server.answers(201),
        "refused": lambda: server.refuses(400, "INVALIDJOB"),
        "cut": server.cuts_after_reading,
    }[ending]()
    try:
        connect(server).put_body("/x", Body(), "text/csv")
    except OrgError:
        assert ending != "well"
    assert [reader.closed for reader in readers] == [True]


def test_a_body_may_use_one_buffer_for_all_of_its_reads(server, session):
    class Reader(io.BytesIO):
        buffer = bytearray(1 << 16)

        def read(self, size=-1):
            taken = self.readinto(memoryview(self.buffer)[: min(size, len(self.buffer))])
            return memoryview(self.buffer)[:taken]

    class Body:
        length = len(DATA)

        def open(self):
            return Reader(DATA)

    server.answers(429)
    server.answers(201)
    session.put_body("/x", Body(), "text/csv")
    assert [seen.body for seen in server.seen] == [DATA, DATA]


def test_a_body_longer_than_its_length_is_held_to_it(server, session):
    class Body:
        length = 10

        def open(self):
            return io.BytesIO(b"0123456789abcdef")

    server.answers(201)
    session.put_body("/x", Body(), "text/csv")
    assert server.seen[0].body == b"0123456789"


# Nothing leaks ------------------------------------------------------------------------------------


def test_no_fault_costs_the_session_a_connection(server, connect):
    """With a limit of one connection, one that was not released would block the next call."""
    patient = Timeouts(connect=30, read=3, upload=30)
    session = connect(server, connections=1, policy=RetryPolicy(attempts=1), timeouts=patient)
    for how in LOSSES:
        lose(server, how)
    for how in CUTS:
        cut_download(server, how)
    server.answers(400, b"x" * 1_000_000)
    server.answers(200, PAGE, HTML)
    server.answers(302, b"x" * 1_000_000, {"Location": "/"})
    server.answers(200, gzip.compress(bytes(1 << 28)), {"Content-Encoding": "gzip"})
    server.stays_silent()
    failures = 0
    while server.script:
        with pytest.raises(OrgError):
            session.download("/x", io.BytesIO(), limit=1 << 20)
        failures += 1
    assert failures == len(LOSSES) + len(CUTS) + 5
    server.answers(200, {"fine": True})
    assert session.get("/x").parse_json() == {"fine": True}
