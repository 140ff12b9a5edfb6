"""A fake org that accepts jobs, discards their data, and reports statistics.

    python bench/sink.py --rate 5MB --latency 0.05 --tls KEYS

It prints its port when it is ready. Every job is complete as soon as it is closed. `GET /stats`
returns the bytes received, the seconds from the first request to the last response, and the time of
the first request, and resets them. `--rate` limits the bytes per second of each connection, and
`--line` those of all connections together. Every response is delayed by `--latency` seconds.
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
from typing import TYPE_CHECKING

from attrs import Factory, define
from load import parse_size

from bulkflow_csv.scanning.select import select_backend

if TYPE_CHECKING:
    from bulkflow_csv.scanning.protocol import EndReader

BLOCK = 1 << 20


@define(eq=False)
class Org:
    """The jobs, and statistics of the requests."""

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
    """The rows of each job."""

    def answer(
        self, method: str, path: str, body: bytes, size: int, records: int = 0
    ) -> tuple[int, object]:
        """Handle a request with this many bytes and records of data; return status and content."""
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
                    self.rows[name] = max(0, records - 1)
                    return 201, None
            if name not in self.jobs:
                return 404, [{"errorCode": "NOT_FOUND", "message": path}]
            counts = {
                "numberRecordsProcessed": self.rows.get(name, 0),
                "numberRecordsFailed": 0,
            }
            return 200, {**self.jobs[name], **counts}

    def throttle(self, size: int) -> None:
        """Wait as long as sending this many bytes takes on the line that all connections share."""
        assert self.line is not None
        with self.lock:
            self.due = max(self.due, time.monotonic()) + size / self.line
            wait = self.due - time.monotonic()
        # Combine short waits: a sleep has overhead.
        if wait > 0.002:
            time.sleep(wait)


@define(eq=False)
class RecordCounter:
    """Counts the records of a CSV file that arrives in pieces; bulkflow checks the number."""

    reader: EndReader = Factory(lambda: select_backend().make_end_reader(BLOCK))
    records: int = 0
    filled: int = 0
    ended: bool = True

    def add(self, piece: bytes | bytearray) -> None:
        """Add the next bytes."""
        view = memoryview(piece)
        while view:
            taken = view[: BLOCK - self.filled]
            self.reader.buffer[self.filled : self.filled + len(taken)] = taken
            self.filled += len(taken)
            self.ended = taken[-1] == ord("\n")
            view = view[len(taken) :]
            if self.filled == BLOCK:
                self._read()

    def finish(self) -> int:
        """Return the number of records, once all bytes were added."""
        self._read()
        return self.records + (not self.ended)

    def _read(self) -> None:
        if self.filled:
            self.reader.read(self.filled)
            self.records += self.reader.records
            self.filled = 0


@define(eq=False)
class Connection:
    """A connection to a client."""

    org: Org
    socket: socket.socket
    buffer: bytearray = Factory(bytearray)
    scratch: bytearray = Factory(lambda: bytearray(BLOCK))

    def serve(self) -> None:
        """Handle requests until the client disconnects."""
        try:
            while self._handle_request():
                pass
        except OSError:
            # The client is gone. If it failed, it reports the error itself.
            return
        finally:
            self.socket.close()

    def _handle_request(self) -> bool:
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
        records = 0
        if method == "PUT":
            packed = b"content-encoding: gzip" in head.lower()
            records = self._discard(rest, size, came, packed=packed)
        else:
            body = rest[:size]
            while len(body) < size:
                body += self.socket.recv(size - len(body))
        org = self.org
        sent = size if method == "PUT" else 0
        status, content = org.answer(method, path, body, sent, records)
        if org.latency:
            time.sleep(org.latency)
        text = b"" if content is None else json.dumps(content).encode()
        # A 204 has no Content-Length.
        length = b"" if status == 204 else b"Content-Length: %d\r\n" % len(text)
        self.socket.sendall(
            b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\n%b\r\n%b" % (status, length, text)
        )
        org.ended = time.monotonic()
        return True

    def _discard(self, rest: bytes, size: int, began: float, *, packed: bool) -> int:
        """Receive and discard the data of an upload, and count its records.

        `rest` was received together with the headers.
        """
        unpack = zlib.decompressobj(31).decompress if packed else None
        counter = RecordCounter()
        counter.add(unpack(rest) if unpack else rest)
        step = BLOCK if self.org.rate is None else 1 << 15
        taken = len(rest)
        while taken < size:
            got = self.socket.recv_into(self.scratch, min(step, size - taken))
            if not got:
                raise ConnectionError("the client disconnected during the upload")
            taken += got
            piece = self.scratch[:got]
            counter.add(unpack(piece) if unpack else piece)
            if self.org.line is not None:
                self.org.throttle(got)
            if self.org.rate is not None:
                time.sleep(max(0.0, began + taken / self.org.rate - time.monotonic()))
        return counter.finish()


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description="A fake org that discards all data.")
    parser.add_argument("--rate", type=parse_size, help="bytes per second of each connection")
    parser.add_argument("--line", type=parse_size, help="bytes per second of all connections")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each response")
    parser.add_argument("--tls", type=Path, help="a PEM file with a key and its certificates")
    chosen = parser.parse_args()
    context = None
    if chosen.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chosen.tls)
    org = Org(chosen.rate, chosen.line, chosen.latency)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        if chosen.rate or chosen.line:
            # The client considers buffered data as sent, so buffers must be small.
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
