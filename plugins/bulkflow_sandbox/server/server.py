"""The sandbox as a server: in a thread for programs and tests, or in the foreground."""

from __future__ import annotations

import asyncio
import signal
import socket
from contextlib import suppress
from ipaddress import ip_address
from threading import Event, Thread
from typing import TYPE_CHECKING, Final, Self

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bulkflow_sandbox.core.errors import SandboxError
from bulkflow_sandbox.http.app import create_app
from bulkflow_sandbox.http.fault_middleware import CUT
from bulkflow_sandbox.http.header_names import restore_header_case
from bulkflow_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from types import TracebackType

    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.core.clock import SandboxClock
    from bulkflow_sandbox.faults.fault import AnyFault
    from bulkflow_sandbox.jobs.processing_speed import ProcessingSpeed
    from bulkflow_sandbox.schema.objects import Schema

_BACKLOG: Final = 2048
_LONGEST_END: Final = 5
"""Seconds that a server which ends waits for its requests."""
_TLS_END: Final = 0.2
_TURNS_TO_CLOSE: Final = 3


class SandboxServer:
    """A sandbox that listens on a port of its own, in a thread of its own.

    It is ready when `start` returns, and gone, with its thread and sockets, when `stop` does; if it
    is started again, it has the same port. It is a context manager:
    `with SandboxServer() as server: connect(server.url, server.token)`.

    Args:
        sandbox: What to serve; `None` makes one that `stop` closes.
        owned: Whether `stop` closes a given sandbox too.
        host: The address to listen on.
        port: The port; 0 is a free one.
        certificate: The paths of a certificate and its key, for https.
        names: Host names of the server, besides those of this machine.
    """

    def __init__(
        self,
        sandbox: Sandbox | None = None,
        *,
        owned: bool = False,
        host: str = "127.0.0.1",
        port: int = 0,
        certificate: tuple[Path, Path] | None = None,
        names: Iterable[str] = (),
    ) -> None:
        self._owned = owned or sandbox is None
        self.api = sandbox or Sandbox()
        self._host = host
        self._port = port
        self._certificate = certificate
        self._names = (host, *names)
        self._server: _Server | None = None
        self._thread: Thread | None = None
        self.url = ""

    @property
    def token(self) -> str:
        """The access token that the sandbox was started with."""
        return self.api.token

    @property
    def page(self) -> str:
        """The link to the page, with its token."""
        return self.api.access.make_link(self.url)

    def start(self) -> Self:
        """Starts to listen.

        Raises:
            SandboxError: The address or port cannot be used.
        """
        listener = _listen(self._host, self._port)
        self._port = listener.getsockname()[1]
        ready = Event()
        server = _Server(_config(self.api, self._names, self._certificate), ready.set)
        self._server = server
        self.url = _url(listener, secure=self._certificate is not None)
        self._thread = Thread(
            target=self._serve, args=(server, listener, ready), name="bulkflow-sandbox-http"
        )
        self._thread.start()
        ready.wait()
        if not server.started:
            self.stop()
            raise SandboxError(
                f"the sandbox did not start on {self.url}",
                help="look into the log of uvicorn for the reason",
            )
        return self

    def stop(self) -> None:
        """Stops to listen, ends what is under way, and closes an owned sandbox."""
        if self._server is not None:
            self._server.end()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._owned:
            self.api.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @staticmethod
    def _serve(server: _Server, listener: socket.socket, ready: Event) -> None:
        try:
            server.run(sockets=[listener])
        finally:
            listener.close()
            ready.set()


class _NamedHeaders:
    """A transport that writes the names of headers in their usual case."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def __getattr__(self, name: str) -> object:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Writes data: heads of answers come whole, and nothing the sandbox sends looks alike."""
        if data.startswith(b"HTTP/1.1 ") and data.endswith(b"\r\n\r\n"):
            data = restore_header_case(data)
        self._transport.write(data)


class _Protocol(HttpToolsProtocol):
    """HTTP/1.1 whose requests can close their connection; a fault does."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(_NamedHeaders(transport))  # type: ignore[arg-type]

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {CUT: {"close": self.transport.close}}

    def shutdown(self) -> None:
        # A second close would take from a TLS connection the means to abort it.
        if self.transport.is_closing():
            return
        super().shutdown()
        if self.config.is_ssl and self.transport.is_closing():
            # An idle client may never answer the end of TLS, and the end of the server waits for
            # that.
            self.loop.call_later(_TLS_END, self.transport.abort)


class _Server(uvicorn.Server):
    """A server that says when it answers requests."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending = asyncio.Event()

    def end(self) -> None:
        """Ends the server, from any thread, without waiting for its next look at the clock."""
        self.should_exit = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ending.set)

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        ticks = 0
        while not await self.on_tick(ticks):
            ticks += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), 0.1)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for _ in range(_TURNS_TO_CLOSE):
            await asyncio.sleep(0)
        # The usual way waits a tenth of a second, which is most of the life of a test's sandbox.
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)


def running(
    *,
    data: Path | None = None,
    clock: SandboxClock | None = None,
    processing: ProcessingSpeed | None = None,
    token: str | None = None,
    org_id: str | None = None,
    schema: Schema | None = None,
    choices: Choices | None = None,
    faults: Iterable[AnyFault] = (),
    host: str = "127.0.0.1",
    port: int = 0,
) -> SandboxServer:
    """A server for a new sandbox, to be used as a context manager; see `Sandbox`."""
    sandbox = Sandbox(
        data,
        clock=clock,
        processing=processing,
        token=token,
        org_id=org_id,
        schema=schema,
        choices=choices,
        faults=faults,
    )
    return SandboxServer(sandbox, owned=True, host=host, port=port)


def serve(
    sandbox: Sandbox,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    certificate: tuple[Path, Path] | None = None,
    names: Iterable[str] = (),
    on_ready: Callable[[str], None],
) -> None:
    """Serves a sandbox in the foreground until SIGINT or SIGTERM; prints nothing.

    Args:
        sandbox: What to serve; the caller closes it.
        host: The address to listen on.
        port: The port; 0 is a free one.
        certificate: The paths of a certificate and its key, for https.
        names: Host names of the server, besides those of this machine.
        on_ready: Called with the URL when requests are answered.

    Raises:
        SandboxError: The address or port cannot be used.
    """
    listener = _listen(host, port)
    url = _url(listener, secure=certificate is not None)
    server = _Server(_config(sandbox, (host, *names), certificate), lambda: on_ready(url))
    # The server raises again, when it has stopped, the signal that stopped it.
    before = {one: signal.signal(one, signal.SIG_IGN) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.run(sockets=[listener])
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        listener.close()


def _config(
    sandbox: Sandbox, names: Iterable[str], certificate: tuple[Path, Path] | None
) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(sandbox, names),
        http=_Protocol,
        loop="asyncio",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        # A client that looks at its job every minute keeps its connection.
        timeout_keep_alive=120,
        timeout_graceful_shutdown=_LONGEST_END,
        ssl_certfile=None if certificate is None else str(certificate[0]),
        ssl_keyfile=None if certificate is None else str(certificate[1]),
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where it sees the protocol, and an answer that is
    # written in two pieces would wait 40 ms for it.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise SandboxError(
            f"cannot listen on {host} port {port}: {error.strerror or error}",
            help="choose another --host or --port; port 0 takes a free one",
        ) from error
    return listener


def _url(listener: socket.socket, *, secure: bool) -> str:
    host, port = listener.getsockname()[:2]
    if ip_address(host).is_unspecified:
        # Nobody can connect to "all addresses"; this machine's own is one of them.
        host = "::1" if ":" in host else "127.0.0.1"
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if secure else 'http'}://{shown}:{port}"
