"""The sandbox's own resources, asked without sockets: the requests are texts, as HTTP has them."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from attrs import define, frozen
from starlette.types import ASGIApp, Message

from bulkflow_sandbox import Sandbox
from bulkflow_sandbox.core.clock import ManualClock
from bulkflow_sandbox.http.app import create_app
from bulkflow_sandbox.http.request_recorder import is_own_path

LONGEST_REFUSAL = 3000
"""Bytes: nobody reads more of what is wrong with a request."""


API = "/services/data/v66.0"
ORG_ID = "00D000000000001EAA"
JOB_ID = "7505g0000000000AAA"
"""The job that is in each org."""
JOB = b'{"object": "Account", "operation": "insert"}'
JSON = ((b"content-type", b"application/json"),)


@frozen
class Answer:
    status: int
    body: bytes


@frozen
class Asked:
    """A request.

    Attributes:
        method: As it is in the first line.
        path: Decoded, with what follows the `?` cut off.
        query: What follows the `?`.
        headers: Of the request's own; the rest are added.
        body: All behind the first blank line.
    """

    method: str
    path: str
    query: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""

    @classmethod
    def read(cls, data: bytes) -> Asked:
        head, _, body = data.partition(b"\n\n")
        first, *lines = head.split(b"\n")
        method, _, target = first.decode("latin-1").partition(" ")
        path, _, query = target.partition("?")
        pairs = [line.partition(b":") for line in lines]
        return cls(
            method,
            path,
            query.encode("latin-1"),
            tuple((name.strip().lower(), value.strip()) for name, _, value in pairs),
            body,
        )

    def has(self, header: bytes) -> bool:
        return any(name == header for name, _ in self.headers)


@define(eq=False)
class Org:
    """A sandbox with a job in it, and what answers for it."""

    folder: Path
    sandbox: Sandbox
    app: ASGIApp

    @classmethod
    def opened(cls, folder: Path) -> Org:
        """Open the org in a folder, or make one there."""
        sandbox = Sandbox(folder, clock=ManualClock(), org_id=ORG_ID)
        return cls(folder, sandbox, create_app(sandbox))

    @classmethod
    def new(cls, folder: Path) -> Org:
        org = cls.opened(folder)
        made = org.ask(Asked("POST", f"{API}/jobs/ingest", headers=JSON, body=JOB))
        assert json.loads(made.body)["id"] == JOB_ID, made
        return org

    def close(self) -> None:
        self.sandbox.close()
        shutil.rmtree(self.folder)

    def reopened(self) -> Org:
        """The same org, as it is when the sandbox is started again."""
        self.sandbox.close()
        return self.opened(self.folder)

    def ask(self, asked: Asked) -> Answer:
        headers = list(asked.headers)
        if not asked.has(b"host"):
            headers.append((b"host", b"127.0.0.1:8080"))
        if not asked.has(b"authorization"):
            headers.append((b"authorization", b"Bearer " + self.sandbox.token.encode()))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": asked.method,
            "scheme": "http",
            "path": asked.path,
            "raw_path": asked.path.encode(),
            "root_path": "",
            "query_string": asked.query,
            "headers": headers,
            "server": ("127.0.0.1", 8080),
            "client": ("127.0.0.1", 50_000),
        }
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": asked.body, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        asyncio.run(self.app(scope, receive, send))
        return Answer(sent[0]["status"], b"".join(each.get("body", b"") for each in sent[1:]))

    def state(self) -> list[object]:
        """What the sandbox tells of itself."""
        seen: list[object] = [self.sandbox.faults.armed]
        for path in ("/_sandbox", "/_sandbox/view"):
            answer = self.ask(Asked("GET", path))
            assert answer.status == 200, (path, answer)
            seen.append(json.loads(answer.body))
        return seen


@contextmanager
def requests(folder: Path) -> Iterator[Callable[[bytes], None]]:
    """Take any request: what is refused changes nothing, what is done leaves a sandbox that works.

    Each input finds the same org.
    """
    numbers = count()
    org = Org.new(folder / f"org-{next(numbers)}")
    begin = org.state()

    def take(data: bytes) -> None:
        nonlocal org
        asked = Asked.read(data)
        try:
            answer = org.ask(asked)
            assert 200 <= answer.status < 500, answer
            if answer.status >= 400:
                (refusal,) = json.loads(answer.body)
                assert refusal["errorCode"], refusal
                assert len(answer.body) < LONGEST_REFUSAL, answer
            elif asked.has(b"authorization") and is_own_path(asked.path):
                raise AssertionError(f"a token that is not the sandbox's opened it: {answer}")
            # Requests to the org itself are counted and logged, refused ones too.
            changes = answer.status < 400 and asked.method not in {"GET", "HEAD"}
            if not changes and is_own_path(asked.path):
                assert org.state() == begin
                return
            after = org.state()
            if asked.path.endswith("/schema"):
                org = org.reopened()
                assert org.state()[1]["objects"] == after[1]["objects"]
        except BaseException:
            org.close()
            org = Org.new(folder / f"org-{next(numbers)}")
            raise
        org.close()
        org = Org.new(folder / f"org-{next(numbers)}")

    try:
        yield take
    finally:
        org.close()
