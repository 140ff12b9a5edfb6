"""How the pieces of a request are sent."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Iterator

import pytest

from bulkflow_salesforce.http.connection import Connection

HEAD_END = b"\r\n\r\n"


class Counted:
    """A socket that records what each call sends."""

    def __init__(self, inner: socket.socket) -> None:
        self._inner = inner
        self.sent: list[bytes] = []

    def sendall(self, data: bytes) -> None:
        self.sent.append(bytes(data))

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)


@pytest.fixture
def connection() -> Iterator[Connection]:
    near, far = socket.socketpair()
    with near, far:
        made = Connection("localhost", 80, send_timeout=1.0, clock=time.monotonic, blocksize=65_536)
        made.sock = Counted(near)  # type: ignore[assignment]
        yield made


def sent(connection: Connection, body: io.BytesIO | None) -> list[bytes]:
    headers = {} if body is None else {"Content-Length": str(len(body.getvalue()))}
    connection.request("PATCH", "/x", body=body, headers=headers)
    assert isinstance(connection.sock, Counted)
    return connection.sock.sent


def test_a_request_without_a_body_is_sent_in_one_call(connection: Connection) -> None:
    (all_of_it,) = sent(connection, None)
    assert all_of_it.startswith(b"PATCH /x HTTP/1.1\r\n")
    assert all_of_it.endswith(HEAD_END)


def test_the_pieces_of_a_large_body_are_sent_as_they_are_read(connection: Connection) -> None:
    head, *pieces = sent(connection, io.BytesIO(b"a" * 150_000))
    assert head.endswith(HEAD_END)
    assert [len(each) for each in pieces] == [65_536, 65_536, 18_928]


def test_a_small_end_of_a_large_body_is_sent_too(connection: Connection) -> None:
    _, *pieces = sent(connection, io.BytesIO(b"a" * 65_540))
    assert b"".join(pieces) == b"a" * 65_540


def test_a_body_that_fails_is_not_taken_for_an_empty_one(connection: Connection) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise ValueError("changed")

    with pytest.raises(ValueError, match="changed"):
        sent(connection, Broken(b"abc"))
    assert isinstance(connection.sock, Counted)
    assert b"abc" not in b"".join(connection.sock.sent)
