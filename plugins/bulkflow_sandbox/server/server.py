"""Serving a sandbox: in a thread for programs and tests, or in the foreground."""

from __future__ import annotations

import signal
from threading import Event, Thread
from typing import TYPE_CHECKING, Self

from bulkflow_sandbox.core.errors import SandboxError
from bulkflow_sandbox.sandbox import Sandbox
from bulkflow_sandbox.server.http_server import HttpServer, build_url, make_config, open_listener

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from types import TracebackType

    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.core.clock import SandboxClock
    from bulkflow_sandbox.faults.fault import AnyFault
    from bulkflow_sandbox.jobs.processing_speed import ProcessingSpeed
    from bulkflow_sandbox.schema.objects import Schema


class SandboxServer:
    """Serves a sandbox on a port, in a thread.

    The server is ready when `start` returns; its thread and sockets are gone when `stop` returns.
    After a restart, it has the same port. It is a context manager:
    `with SandboxServer() as server: connect(server.url, server.token)`.

    Args:
        sandbox: The sandbox to serve. `None` makes one, which `stop` closes.
        owned: Whether `stop` closes a given sandbox, too.
        host: The address to listen on.
        port: The port. 0 picks a free one.
        certificate: The paths of a certificate and its key, for https.
        names: More host names of the server.
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
        self._server: HttpServer | None = None
        self._thread: Thread | None = None
        self.url = ""

    @property
    def token(self) -> str:
        """The access token that is valid from the start."""
        return self.api.token

    @property
    def page(self) -> str:
        """The link to the web page, including its token."""
        return self.api.access.make_link(self.url)

    def start(self) -> Self:
        """Start the server.

        Raises:
            SandboxError: The address or port cannot be used.
        """
        listener = open_listener(self._host, self._port)
        self._port = listener.getsockname()[1]
        ready = Event()
        server = HttpServer(make_config(self.api, self._names, self._certificate), ready.set)
        self._server = server
        self.url = build_url(listener, secure=self._certificate is not None)
        self._thread = Thread(
            target=self._serve, args=(server, listener, ready), name="bulkflow-sandbox-http"
        )
        self._thread.start()
        ready.wait()
        if not server.started:
            self.stop()
            raise SandboxError(
                f"the sandbox did not start on {self.url}",
                help="see the log of uvicorn for the reason",
            )
        return self

    def stop(self) -> None:
        """Stop the server, and close an owned sandbox."""
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
    def _serve(server: HttpServer, listener: socket.socket, ready: Event) -> None:
        try:
            server.run(sockets=[listener])
        finally:
            listener.close()
            ready.set()


def make_server(
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
    """Make a server for a new sandbox, for use as a context manager; see `Sandbox`."""
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
    """Serve a sandbox in the foreground until SIGINT or SIGTERM, without printing.

    Args:
        sandbox: The sandbox, which the caller closes.
        host: The address to listen on.
        port: The port. 0 picks a free one.
        certificate: The paths of a certificate and its key, for https.
        names: More host names of the server.
        on_ready: Called with the URL when the server is ready.

    Raises:
        SandboxError: The address or port cannot be used.
    """
    listener = open_listener(host, port)
    url = build_url(listener, secure=certificate is not None)
    server = HttpServer(make_config(sandbox, (host, *names), certificate), lambda: on_ready(url))
    # After stopping, uvicorn raises the signal that stopped it again.
    before = {one: signal.signal(one, signal.SIG_IGN) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.run(sockets=[listener])
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        listener.close()
