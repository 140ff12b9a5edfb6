"""An org that keeps nothing: takes jobs and their data, throws the data away, and says what came.

    python bench/sink.py --rate 5MB --latency 0.05 --tls KEYS

It prints its port when it is ready. Every job is complete as soon as it is closed. `GET /stats`
answers with the bytes that came, the seconds from the first request to the last answer, and the
time of the first request, and forgets them. Data are taken at up to `--rate` bytes a second on each
connection, and at up to `--line` on all of them together; every request is answered `--latency`
seconds after it came; without these, at once.
"""

from __future__ import annotations

import argparse
import json
import socket
import ssl
import time
import zlib
from itertools import count
from pathlib import Path
from threading import Lock, Thread

from attrs import Factory, define
from load import size_of

BLOCK = 1 << 20


@define(eq=False)
class Org:
    """What came: jobs, bytes, and when."""

    rate: float | None
    line: float | None
    latency: float
    jobs: dict[str, dict[str, object]] = Factory(dict)
    received: int = 0
    began: float | None = None
    came: float = 0.0
    ended: float = 0.0
    due: float = 0.0
    numbers: count[int] = Factory(lambda: count(1))
    lock: Lock = Factory(Lock)

    rows: dict[str, int] = Factory(dict)
    """How many rows each job got: its lines without the header."""

    def answer(
        self, method: str, path: str, body: bytes, size: int, lines: int = 0
    ) -> tuple[int, object]:
        """The status and the content for a request that sent so many bytes and lines of data."""
        with self.lock:
            if path == "/stats":
                seconds = self.ended - (self.began or 0)
                found = {"bytes": self.received, "seconds": seconds, "came": self.came}
                self.received, self.began = 0, None
                return 200, found
            if self.began is None:
                self.began, self.came = time.monotonic(), time.time()
            self.received += size
            name = path.partition("/jobs/ingest")[2].strip("/").split("/")[0]
            match method:
                case "POST":
                    name = f"750{next(self.numbers):012d}AAA"
                    self.jobs[name] = {**json.loads(body), "id": name, "state": "Open"}
                case "PATCH":
                    state = json.loads(body)["state"]
                    self.jobs[name]["state"] = "JobComplete" if state == "UploadComplete" else state
                    return 200, {**self.jobs[name], "state": state}
                case "PUT":
                    self.rows[name] = max(0, lines - 1)
                    return 201, None
            if name not in self.jobs:
                return 404, [{"errorCode": "NOT_FOUND", "message": path}]
            counts = {
                "numberRecordsProcessed": self.rows.get(name, 0),
                "numberRecordsFailed": 0,
            }
            return 200, {**self.jobs[name], **counts}

    def carry(self, size: int) -> None:
        """Let so many bytes have their turn on the line that all connections share."""
        assert self.line is not None
        with self.lock:
            self.due = max(self.due, time.monotonic()) + size / self.line
            wait = self.due - time.monotonic()
        # Short waits are slept together: each costs as much as some of these bytes.
        if wait > 0.002:
            time.sleep(wait)


@define(eq=False)
class Connection:
    """One connection, from its first request to its last."""

    org: Org
    socket: socket.socket
    buffer: bytearray = Factory(bytearray)
    scratch: bytearray = Factory(lambda: bytearray(BLOCK))

    def serve(self) -> None:
        """Answer until the other end hangs up."""
        try:
            while self._one():
                pass
        except OSError:
            # The other end is gone; a benchmark's client that fails says so by itself.
            return
        finally:
            self.socket.close()

    def _one(self) -> bool:
        while b"\r\n\r\n" not in self.buffer:
            data = self.socket.recv(65_536)
            if not data:
                return False
            self.buffer += data
        head, _, rest = bytes(self.buffer).partition(b"\r\n\r\n")
        came = time.monotonic()
        method, path, *_ = head.decode("latin-1").split(" ", 2)
        lengths = [
            line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
        ]
        size = int(lengths[0].partition(b":")[2]) if lengths else 0
        body, self.buffer = b"", bytearray(rest[size:])
        lines = 0
        if method == "PUT":
            packed = b"content-encoding: gzip" in head.lower()
            lines = self._discard(rest, size, came, packed=packed)
        else:
            body = rest[:size]
            while len(body) < size:
                body += self.socket.recv(size - len(body))
        org = self.org
        sent = size if method == "PUT" else 0
        status, content = org.answer(method, path, body, sent, lines)
        if org.latency:
            time.sleep(org.latency)
        text = b"" if content is None else json.dumps(content).encode()
        # A 204 has no length.
        length = b"" if status == 204 else b"Content-Length: %d\r\n" % len(text)
        self.socket.sendall(
            b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\n%b\r\n%b" % (status, length, text)
        )
        org.ended = time.monotonic()
        return True

    def _discard(self, rest: bytes, size: int, began: float, *, packed: bool) -> int:
        """Take the data of an upload, and count its lines; `rest` came with its head."""
        unpack = zlib.decompressobj(31).decompress if packed else None
        lines = (unpack(rest) if unpack else rest).count(b"\n")
        step = BLOCK if self.org.rate is None else 1 << 15
        taken, last = len(rest), rest[-1:]
        while taken < size:
            got = self.socket.recv_into(self.scratch, min(step, size - taken))
            if not got:
                raise ConnectionError("the data ended too soon")
            taken += got
            if unpack:
                lines += unpack(self.scratch[:got]).count(b"\n")
            else:
                lines += self.scratch.count(b"\n", 0, got)
                last = bytes(self.scratch[got - 1 : got])
            if self.org.line is not None:
                self.org.carry(got)
            if self.org.rate is not None:
                time.sleep(max(0.0, began + taken / self.org.rate - time.monotonic()))
        return lines + (not packed and last != b"\n")


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description="An org that keeps nothing.")
    parser.add_argument("--rate", type=size_of, help="bytes a second on each connection")
    parser.add_argument("--line", type=size_of, help="bytes a second on all together")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--tls", type=Path, help="a PEM file with a key and its certificates")
    chosen = parser.parse_args()
    context = None
    if chosen.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chosen.tls)
    org = Org(chosen.rate, chosen.line, chosen.latency)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        if chosen.rate or chosen.line:
            # What lies in the buffers has left the client, so they must be small beside a part.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        print(listening.getsockname()[1], flush=True)
        while True:
            connection, _ = listening.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if context is not None:
                connection = context.wrap_socket(connection, server_side=True)
            Thread(target=Connection(org, connection).serve, daemon=True).start()


if __name__ == "__main__":
    main()
