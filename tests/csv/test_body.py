"""The body of a part, used like an HTTP client does."""

from __future__ import annotations

import io
import os
import socket
import threading
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection

import pytest

from bulkflow_csv import ByteSource, CsvError, PartBody, PartLimit, PartRange, scan

Source = Callable[[bytes], ByteSource]
ROWS = b"".join(b"%04d,%s\n" % (number, b"x" * (number % 50)) for number in range(1000))
DATA = b"id,text\n" + ROWS


@pytest.fixture
def part(source: Source) -> PartRange:
    """The second of several parts."""
    found = scan(source(DATA), limit=PartLimit(rows=300))
    return found.parts[1]


@pytest.fixture
def expected() -> bytes:
    lines = DATA.splitlines(keepends=True)
    return b"".join([lines[0], *lines[301:601]])


def test_blocks_make_up_the_header_and_the_rows(part: PartRange, expected: bytes) -> None:
    with part.open() as body:
        blocks = list(iter(lambda: body.read(1000), b""))
    assert b"".join(blocks) == expected
    assert {len(block) for block in blocks[:-1]} == {1000}


@pytest.mark.parametrize("size", [None, -1])
def test_all_that_is_left_is_read_at_once(
    part: PartRange, expected: bytes, size: int | None
) -> None:
    with part.open() as body:
        assert body.read(3) == b"id,"
        assert body.read(size) == expected[3:]
        assert body.read() == b""


def test_its_length_is_known_before_it_is_read(part: PartRange, expected: bytes) -> None:
    with part.open() as body:
        assert len(body) == part.size == len(expected)


def test_it_can_be_sent_again_from_any_position(part: PartRange, expected: bytes) -> None:
    with part.open() as body:
        for position in (0, 1, 7, 8, 9, 500, len(expected) - 1, len(expected), 10**9):
            assert body.seek(position) == body.tell() == position
            assert body.read() == expected[position:]
        assert body.seek(-2, io.SEEK_END) == len(expected) - 2
        assert body.seek(1, io.SEEK_CUR) == len(expected) - 1
        assert body.read(10) == b"\n"


def test_positions_that_cannot_be_are_refused(part: PartRange) -> None:
    with part.open() as body:
        with pytest.raises(ValueError, match="negative"):
            body.seek(-1)
        with pytest.raises(ValueError, match="whence"):
            body.seek(0, 7)
        assert body.tell() == 0


def test_an_http_client_sends_it_as_it_is(part: PartRange, expected: bytes) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    received: list[bytes] = []

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as stream:
            while stream.readline() != b"\r\n":
                pass
            received.append(stream.read(len(expected)))
            connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")

    server = threading.Thread(target=serve)
    server.start()
    client = HTTPConnection(*listener.getsockname(), blocksize=1000)
    with listener, closing(client), part.open() as body:
        client.request("PUT", "/", body, {"Content-Length": str(len(body))})
        assert client.getresponse().status == 201
        server.join()
    assert received == [expected]


def test_two_bodies_of_a_part_do_not_share_a_position(part: PartRange, expected: bytes) -> None:
    with part.open() as one, part.open() as two:
        one.read(100)
        assert two.read() == expected


def test_threads_that_share_a_body_get_every_byte_once(part: PartRange, expected: bytes) -> None:
    blocks: list[bytes] = []
    with part.open() as body:

        def drain() -> None:
            while block := body.read(64):
                blocks.append(block)

        threads = [threading.Thread(target=drain) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sum(map(len, blocks)) == len(expected)
    assert sorted(b"".join(blocks)) == sorted(expected)


def test_it_reads_where_the_system_has_no_positioned_read(
    part: PartRange, expected: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "pread", raising=False)
    with part.open() as body:
        assert body.read(5) + body.read(1000) + body.read() == expected


def test_a_closed_body_reads_nothing(part: PartRange) -> None:
    body = part.open()
    body.close()
    body.close()
    assert body.closed
    with pytest.raises(ValueError, match="the body is closed"):
        body.read(1)


def test_a_file_that_has_grown_since_the_scan_is_refused(part: PartRange) -> None:
    with part.source.path.open("ab") as file:
        file.write(b"1,2\n")
    with pytest.raises(CsvError, match="the file changed while it was read: it had") as caught:
        part.open()
    assert caught.value.place == "data.csv"


def test_a_file_that_was_written_over_since_the_scan_is_refused(part: PartRange) -> None:
    status = part.source.path.stat()
    os.utime(part.source.path, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000_000))
    with pytest.raises(CsvError, match="it was modified after the scan"):
        part.open()


def test_a_file_that_shrinks_under_an_open_body_is_refused(part: PartRange) -> None:
    with part.open() as body:
        body.read(100)
        os.truncate(part.source.path, part.start + 200)
        with pytest.raises(CsvError, match=f"it now ends at byte offset {part.start + 200}"):
            body.read()


def test_a_file_that_is_gone_is_refused(part: PartRange) -> None:
    part.source.path.unlink()
    with pytest.raises(CsvError, match="does not exist"):
        part.open()


def test_nothing_is_left_open_when_a_body_is_refused(part: PartRange) -> None:
    os.truncate(part.source.path, 10)
    with pytest.raises(CsvError, match="changed"):
        PartBody(part.source, part.stamp, b"", 0, 10)
    # An unclosed file would be a warning, and warnings are errors here.
