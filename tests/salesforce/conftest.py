"""A small server that misbehaves as each test orders."""

from __future__ import annotations

import gzip
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from attrs import Factory, define, frozen

from bulkflow_salesforce import OrgAddress, RetryNotice, Session, StaticToken

TOKEN = "00D000000000001!AQcAQSecretSecretSecret.Secret_Secret"


@frozen
class Seen:
    """A received request; `body` is shorter than announced if the client disconnected."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def token(self) -> str:
        return self.headers["authorization"].removeprefix("Bearer ")


Act = Callable[[socket.socket, "HostileServer"], bool]


class HostileServer:
    """Plays one act of its script for each request, on any connection.

    An act returns whether the connection stays open. Requests beyond the script are answered with
    a 599, so that a request too many fails the test that sent it.
    """

    def __init__(self, context: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.script: deque[Act] = deque()
        self.seen: list[Seen] = []
        self.connections = 0
        self.dropping = 0  # connections to close as soon as they are made
        self.stopping = threading.Event()
        self._context = context
        self._lock = threading.Lock()
        self._host = host
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family)
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def port(self) -> int:
        return self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        if self._context:
            return f"https://localhost:{self.port}"
        return (
            f"http://[{self._host}]:{self.port}"
            if ":" in self._host
            else (f"http://{self._host}:{self.port}")
        )

    # Orders --------------------------------------------------------------------------------------

    def answers(
        self,
        status: int = 200,
        body: bytes | object = b"",
        headers: Mapping[str, str] | None = None,
        *,
        pack: bool = False,
        chunked: bool = False,
    ) -> None:
        """Order a response."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Content-Type": "application/json;charset=UTF-8"} | dict(headers or {})
        if pack:
            content, given["Content-Encoding"] = gzip.compress(content), "gzip"
        if chunked:
            given["Transfer-Encoding"] = "chunked"
            content = chunks(content)
        elif status != 204:
            # A 204 has neither a body nor its length.
            given["Content-Length"] = str(len(content))
        lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {given[name]}" for name in given)]
        whole = "\r\n".join([*lines, "", ""]).encode() + content

        def act(connection: socket.socket, server: HostileServer) -> bool:
            server.read_request(connection)
            connection.sendall(whole)
            return True

        self.script.append(act)

    def refuses(self, status: int, code: str, message: str = "", **headers: str) -> None:
        """Order a response with an error body in Salesforce's format."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers(status, [{"errorCode": code, "message": message}], given)

    def sends(self, raw: bytes) -> None:
        """Order raw bytes after the request, and the end of the connection."""

        def act(connection: socket.socket, server: HostileServer) -> bool:
            server.read_request(connection)
            connection.sendall(raw)
            return False

        self.script.append(act)

    def cuts_after_reading(self) -> None:
        self.sends(b"")

    def cuts_before_reading(self) -> None:
        self.script.append(lambda _connection, _server: False)

    def cuts_within_the_request(self, taken: int) -> None:
        """Order the end of the connection after some bytes of the request."""

        def act(connection: socket.socket, _server: HostileServer) -> bool:
            left = taken
            while left and (data := connection.recv(min(left, 65536))):
                left -= len(data)
            return False

        self.script.append(act)

    def stays_silent(self, first: bytes = b"") -> None:
        """Order `first` after the request, and silence until the test has finished."""

        def act(connection: socket.socket, server: HostileServer) -> bool:
            server.read_request(connection)
            connection.sendall(first)
            server.stopping.wait()
            return False

        self.script.append(act)

    # Implementation ------------------------------------------------------------------------------

    def read_request(self, connection: socket.socket) -> Seen:
        data = b""
        while b"\r\n\r\n" not in data and (more := connection.recv(65536)):
            data += more
        if not data:
            raise ConnectionError("the client left without a request")
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        parts = [body]
        left = int(headers.get("content-length", 0)) - len(body)
        while left > 0 and (more := connection.recv(min(left, 1 << 20))):
            parts.append(more)
            left -= len(more)
        method, target, _ = first.split(" ")
        seen = Seen(method, target, headers, b"".join(parts))
        with self._lock:
            self.seen.append(seen)
        return seen

    def has_seen(self, number: int) -> bool:
        """Wait for a number of requests, because a client may disconnect before they are read."""
        ends = time.monotonic() + 30
        while len(self.seen) < number and time.monotonic() < ends:
            time.sleep(0.01)
        return len(self.seen) == number

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                if self.dropping:
                    self.dropping -= 1
                    connection.close()
                    continue
                self._open.add(connection)
                thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                self._threads.append(thread)
            thread.start()

    def _serve(self, plain: socket.socket) -> None:
        connection = plain
        # Many tests are about clients that disconnect.
        with suppress(OSError), ExitStack() as stack:
            stack.callback(self._forget, plain)
            if self._context:
                connection = self._context.wrap_socket(plain, server_side=True)
                with self._lock:
                    self._open.add(connection)
                stack.callback(self._forget, connection)
            while self._has_request(connection):
                with self._lock:
                    act = self.script.popleft() if self.script else None
                if act is None:
                    self.answers(599, {"message": "the script is over"})
                    continue
                if not act(connection, self):
                    return

    def _has_request(self, connection: socket.socket) -> bool:
        if isinstance(connection, ssl.SSLSocket):
            # TLS cannot be peeked into; the acts used over TLS read the whole request.
            return bool(self.script) or connection.recv(1) != b""
        return connection.recv(1, socket.MSG_PEEK) != b""

    def _forget(self, connection: socket.socket) -> None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()
        with self._lock:
            self._open.discard(connection)

    def close(self) -> None:
        self.stopping.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            still_open, threads = list(self._open), list(self._threads)
        for connection in still_open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(10)


def chunks(content: bytes, size: int = 1000) -> bytes:
    """Encode content in chunked transfer coding."""
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@define
class Surroundings:
    """A clock, waits without delay, and the notices of a session."""

    slept: list[float] = Factory(list)
    notices: list[RetryNotice] = Factory(list)
    time: float = 1_800_000_000.0

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    def now(self) -> float:
        return self.time


@pytest.fixture
def server() -> Iterator[HostileServer]:
    server = HostileServer()
    yield server
    server.close()


@pytest.fixture
def ipv6_server() -> Iterator[HostileServer]:
    try:
        server = HostileServer(host="::1")
    except OSError as error:
        pytest.skip(f"no IPv6 on this machine: {error}")
    yield server
    server.close()


@pytest.fixture
def surroundings() -> Surroundings:
    return Surroundings()


Connect = Callable[..., Session]


@pytest.fixture
def connect(surroundings: Surroundings) -> Iterator[Connect]:
    """Make sessions that do not really wait; they are closed after the test."""
    with ExitStack() as stack:

        def make(server: HostileServer | str, **options: object) -> Session:
            url = server if isinstance(server, str) else server.url
            options.setdefault("tokens", StaticToken(TOKEN))
            options.setdefault("clock", surroundings.now)
            session = Session(
                OrgAddress(url),
                sleep=surroundings.sleep,
                random=lambda: 0.0,
                now=surroundings.now,
                on_retry=surroundings.notices.append,
                **options,
            )
            return stack.enter_context(session)

        yield make


@pytest.fixture
def session(server: HostileServer, connect: Connect) -> Session:
    return connect(server)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A fresh self-signed certificate for localhost and its key, as PEM files."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("the openssl command is not there to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    made = (
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
    )
    names = "subjectAltName=DNS:localhost"
    subprocess.run(
        [openssl, *made.split(), "-addext", names, "-keyout", str(key), "-out", str(cert)],
        check=True,
        capture_output=True,
    )
    return cert, key


@pytest.fixture
def tls_server(certificate: tuple[Path, Path]) -> Iterator[HostileServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server = HostileServer(context)
    yield server
    server.close()
