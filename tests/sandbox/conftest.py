"""A sandbox on a real socket, and a small client that shows all of HTTP."""

from __future__ import annotations

import json
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import urllib3
from attrs import define, field

from bulkflow_sandbox import ManualClock, SandboxServer, make_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

VERSION = "66.0"


@define(eq=False)
class Client:
    """Sends requests to a sandbox, and returns the responses."""

    server: SandboxServer
    pool: urllib3.PoolManager = field(
        factory=lambda: urllib3.PoolManager(retries=False, maxsize=4, timeout=30)
    )

    @property
    def jobs(self) -> str:
        return f"/services/data/v{VERSION}/jobs/ingest"

    def send(
        self,
        method: str,
        path: str,
        body: bytes | str | dict | None = None,
        headers: dict[str, str] | None = None,
        **options: object,
    ) -> urllib3.BaseHTTPResponse:
        given = {"Authorization": f"Bearer {self.server.token}"}
        if isinstance(body, dict):
            body = json.dumps(body)
            given["Content-Type"] = "application/json"
        elif body is not None:
            given["Content-Type"] = "text/csv"
        given |= headers or {}
        url = self.server.url + "/" + path.removeprefix("/")
        return self.pool.request(method, url, body=body, headers=given, **options)

    def error(self, *request: object, **options: object) -> tuple[int, str, str]:
        """Send a request that is refused, and return its status, code and message."""
        answer = self.send(*request, **options)
        (entry,) = answer.json()
        return answer.status, entry["errorCode"], entry["message"]

    def create(self, **properties: str) -> dict:
        answer = self.send("POST", self.jobs, properties)
        assert answer.status == 200, answer.data
        return answer.json()

    def put(self, job: dict, data: bytes | str, **headers: str) -> urllib3.BaseHTTPResponse:
        return self.send("PUT", f"{self.jobs}/{job['id']}/batches", data, headers)

    def patch(self, job: dict, state: str) -> urllib3.BaseHTTPResponse:
        return self.send("PATCH", f"{self.jobs}/{job['id']}", {"state": state})

    def info(self, job: dict) -> dict:
        return self.send("GET", f"{self.jobs}/{job['id']}").json()

    def result(self, job: dict, name: str) -> str:
        answer = self.send("GET", f"{self.jobs}/{job['id']}/{name}")
        assert answer.status == 200, answer.data
        return answer.data.decode()

    def successes(self, job: dict) -> str:
        return self.result(job, "successfulResults")

    def failures(self, job: dict) -> str:
        return self.result(job, "failedResults")

    def unprocessed(self, job: dict) -> str:
        return self.result(job, "unprocessedrecords")

    def load(self, data: bytes | str, **properties: str) -> dict:
        """Create, upload and close a job, and return it when its processing has finished."""
        job = self.create(**properties)
        assert self.put(job, data).status == 201
        assert self.patch(job, "UploadComplete").status == 200
        assert self.server.api.settle()
        return self.info(job)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@define(eq=False)
class Stopper:
    """Stops servers in the background, because stopping one takes a tenth of a second."""

    threads: ThreadPoolExecutor = field(factory=lambda: ThreadPoolExecutor(2))
    ending: list[Future[None]] = field(factory=list)

    def stop(self, client: Client) -> None:
        client.pool.clear()
        self.ending.append(self.threads.submit(client.server.stop))

    def wait(self) -> None:
        """Wait until all servers have stopped, and raise the error of one that failed to."""
        while self.ending:
            self.ending.pop().result()


@pytest.fixture(scope="session")
def stopper() -> Iterator[Stopper]:
    stopper = Stopper()
    yield stopper
    stopper.wait()
    stopper.threads.shutdown()


@pytest.fixture
def alone(stopper: Stopper) -> None:
    """Wait until the servers of other tests have stopped."""
    stopper.wait()


@pytest.fixture
def start(stopper: Stopper) -> Iterator[Callable[..., Client]]:
    """Start sandboxes with the options of `make_server`, and stop them at the end."""
    clients: list[Client] = []

    def start(**options: object) -> Client:
        server = make_server(**options).start()
        clients.append(Client(server))
        return clients[-1]

    yield start
    for client in clients:
        stopper.stop(client)


@pytest.fixture(scope="session")
def shared() -> Iterator[Client]:
    """Share one sandbox between the tests that ignore its other contents."""
    with make_server() as server:
        client = Client(server)
        yield client
        client.pool.clear()


@pytest.fixture(scope="module")
def lonely() -> Iterator[Client]:
    """Share one sandbox between the tests of a module that change its limits and faults."""
    with make_server() as server:
        client = Client(server)
        yield client
        client.pool.clear()


@pytest.fixture
def client(shared: Client) -> Client:
    return shared
