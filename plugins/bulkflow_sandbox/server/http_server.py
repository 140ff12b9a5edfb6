"""The HTTP server: uvicorn, with the header names of Salesforce, and a fast shutdown."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bulkflow_sandbox.core.errors import SandboxError
from bulkflow_sandbox.http.app import create_app
from bulkflow_sandbox.http.fault_middleware import CUT
from bulkflow_sandbox.http.header_names import restore_header_case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from bulkflow_sandbox.sandbox import Sandbox

_BACKLOG: Final = 2048
_SHUTDOWN_SECONDS: Final = 5
"""Maximum time for open requests when the server stops."""
_TLS_CLOSE_SECONDS: Final = 0.2
_CLOSE_TURNS: Final = 3


class _NamedHeaders:
    """A transport that writes header names in their usual case."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def __getattr__(self, name: str) -> object:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write data. Heads of responses come in one piece, and no body looks like one."""
        if data.startswith(b"HTTP/1.1 ") and data.endswith(b"\r\n\r\n"):
            data = restore_header_case(data)
        self._transport.write(data)


class _Protocol(HttpToolsProtocol):
    """HTTP/1.1 with an extension that lets a request close its connection, for faults."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(_NamedHeaders(transport))  # type: ignore[arg-type]

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {CUT: {"close": self.transport.close}}

    def shutdown(self) -> None:
        # After a second close, a TLS connection could not be aborted.
        if self.transport.is_closing():
            return
        super().shutdown()
        if self.config.is_ssl and self.transport.is_closing():
            # An idle client may never answer the TLS close, which the server would wait for.
            self.loop.call_later(_TLS_CLOSE_SECONDS, self.transport.abort)


class HttpServer(uvicorn.Server):
    """A server that reports when it is ready, and stops quickly."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending = asyncio.Event()

    def end(self) -> None:
        """Stop the server, from any thread, without waiting for its next tick."""
        self.should_exit = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ending.set)

    async def main_loop(self) -> None:
        """Run until the server should stop."""
        self._loop = asyncio.get_running_loop()
        ticks = 0
        while not await self.on_tick(ticks):
            ticks += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), 0.1)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and report that requests are accepted."""
        await super().startup(sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close idle connections first, and wait only if requests are open."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for _ in range(_CLOSE_TURNS):
            await asyncio.sleep(0)
        # uvicorn always waits 0.1 seconds, which is most of the lifetime of a sandbox in a test.
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)


def make_config(
    sandbox: Sandbox, names: Iterable[str], certificate: tuple[Path, Path] | None
) -> uvicorn.Config:
    """Configure uvicorn for a sandbox."""
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
        # Clients that poll every minute keep their connection.
        timeout_keep_alive=120,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        ssl_certfile=None if certificate is None else str(certificate[0]),
        ssl_keyfile=None if certificate is None else str(certificate[1]),
    )


def open_listener(host: str, port: int) -> socket.socket:
    """Open a listening socket.

    Raises:
        SandboxError: The address or port cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio disables Nagle's algorithm only if the protocol is explicit. Otherwise, a response in
    # two pieces would take 40 ms longer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise SandboxError(
            f"cannot listen on {host} port {port}: {error.strerror or error}",
            help="choose another --host or --port; port 0 picks a free one",
        ) from error
    return listener


def build_url(listener: socket.socket, *, secure: bool) -> str:
    """Build the URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    if ip_address(host).is_unspecified:
        # Clients cannot connect to "all addresses", but the loopback address is one of them.
        host = "::1" if ":" in host else "127.0.0.1"
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if secure else 'http'}://{shown}:{port}"
