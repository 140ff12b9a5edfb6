"""Thousands of requests through one session, with faults at random: `make soak` for many more."""

from __future__ import annotations

import gc
import json
import os
import random
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bulkflow_salesforce import (
    BytesBody,
    LostResponseError,
    OrgAddress,
    OrgError,
    RetryBudget,
    RetryPolicy,
    Session,
)

REQUESTS = int(os.environ.get("BULKFLOW_SOAK", "4000"))
THREADS = 8
METHODS = ("POST", "GET", "PUT", "download")
BODY = b"Name\n" + b"Acme\n" * 10_000


class BadDay(ThreadingHTTPServer):
    """Processes requests, often without a response, and counts them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.done: Counter[str] = Counter()
        self.valid = "token-0"
        self.lock = threading.Lock()
        self.chance = random.Random(20261122)

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that disconnect."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # an answer in one packet: in two it waits for the client's delayed ACK
    server: BadDay

    def log_message(self, *_: object) -> None:
        pass

    def handle_request(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.command == "PUT" and body != BODY:
            raise AssertionError("the body of an upload is another")
        server = self.server
        with server.lock:
            fate = server.chance.random()
            ended = self.headers["Authorization"] != f"Bearer {server.valid}"
            if not ended and fate < 0.01:
                server.valid = f"token-{int(server.valid.partition('-')[2]) + 1}"
                ended = True
        if ended:
            self.say(401, [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired"}])
        elif fate < 0.04:
            self.say(429, [{"errorCode": "TooManyRequests", "message": "slower"}])
        elif fate < 0.06:
            self.close_connection = True  # before anything is done
        else:
            with server.lock:
                server.done[f"{self.command} {self.path}"] += 1
            if fate < 0.08:
                self.close_connection = True
            elif fate < 0.10:
                self.say(503, [{"errorCode": "SERVER_UNAVAILABLE", "message": "later"}])
            elif fate < 0.12:
                self.send_response(200)
                self.send_header("Content-Length", "100000")
                self.end_headers()
                self.wfile.write(b'{"cut": ' + b" " * round(fate * 1e6) % 90_000)
                self.close_connection = True
            elif self.path.endswith("results"):
                self.give("text/csv", BODY)
            else:
                self.say(200, {"path": self.path})

    do_GET = do_POST = do_PUT = handle_request  # noqa: N815 - http.server's names

    def say(self, status: int, content: object) -> None:
        self.give("application/json", json.dumps(content).encode(), status)

    def give(self, kind: str, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Following:
    """Provides the currently valid token."""

    def __init__(self, server: BadDay) -> None:
        self.server = server

    def token(self) -> str:
        return self.server.valid

    def renew(self, stale: str) -> str | None:
        return self.server.valid


@pytest.fixture
def server() -> Iterator[BadDay]:
    with BadDay() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def descriptors() -> int:
    folder = Path("/proc/self/fd")
    return sum(1 for _ in folder.iterdir()) if folder.exists() else 0


def test_a_long_bad_day_leaks_nothing_and_does_nothing_twice(server, tmp_path):
    gc.collect()
    before = threading.active_count(), descriptors()
    outcomes: Counter[str] = Counter()
    told: dict[str, str] = {}

    def work(number: int) -> None:
        method, path = METHODS[number % len(METHODS)], f"/services/data/{number}"
        try:
            match method:
                case "download":
                    method, path = "GET", f"{path}/results"
                    file = tmp_path / f"{number}.csv"
                    session.download(path, file)
                    assert file.read_bytes() == BODY
                    file.unlink()
                case "PUT":
                    session.put_body(path, BytesBody(BODY), "text/csv")
                case "POST":
                    assert session.post_json(path, {}).parse_json() == {"path": path}
                case _:
                    assert session.get(path).parse_json() == {"path": path}
            outcome = "done"
        except LostResponseError as error:
            outcome = "unknown" if method == "GET" or error.ambiguous else "mistaken"
        except OrgError:
            outcome = "refused"
        told[f"{method} {path}"] = outcome
        outcomes[outcome] += 1

    policy, budget = RetryPolicy(attempts=4), RetryBudget(REQUESTS)
    address = OrgAddress(f"http://127.0.0.1:{server.server_address[1]}")
    with (
        Session(
            address,
            Following(server),
            policy=policy,
            budget=budget,
            connections=4,
            sleep=lambda _: None,
        ) as session,
        ThreadPoolExecutor(THREADS) as pool,
    ):
        for _ in pool.map(work, range(REQUESTS)):
            pass
    changes = {call: times for call, times in server.done.items() if not call.startswith("GET")}
    assert set(changes.values()) == {1}
    assert not list(tmp_path.iterdir())
    assert all(call in server.done for call, outcome in told.items() if outcome == "done")
    assert not [call for call, outcome in told.items() if outcome == "refused" and call in changes]
    assert outcomes["done"] > REQUESTS * 0.9
    assert outcomes["unknown"] > 0
    assert outcomes["mistaken"] == 0
    server.shutdown()
    gc.collect()
    for thread in threading.enumerate():
        if thread.daemon and "process_request" in thread.name:
            thread.join(10)
    assert threading.active_count() <= before[0]
    assert descriptors() <= before[1]
    print(
        f"\n{REQUESTS:,} calls over {THREADS} threads, {sum(server.done.values()):,} done by the"
        f" server, tokens renewed {server.valid.partition('-')[2]} times; "
        + ", ".join(f"{count:,} {what}" for what, count in sorted(outcomes.items()))
        + f"; descriptors {before[1]} before and {descriptors()} after, threads {before[0]} and"
        f" {threading.active_count()}"
    )
