"""One exchange over the network, through urllib3.

It sends a request once and hands out the answer as it comes. It decides nothing about repeating;
what it does decide, and what the rest is built on, is whether a failure came before anything was
sent (`UnreachableError`, `TlsError`) or after (`LostAnswerError`).
"""

from __future__ import annotations

import socket
import time
from contextlib import contextmanager
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, cast

import urllib3
from attrs import define, field
from urllib3.connection import HTTPConnection
from urllib3.exceptions import (
    ClosedPoolError,
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    ProxyError,
    ReadTimeoutError,
)

from bulkflow import __version__
from bulkflow_salesforce.http.connection import Pool, TlsPool
from bulkflow_salesforce.http.connection_errors import (
    is_malformed,
    raise_proxy_unreachable,
    raise_unreachable,
)
from bulkflow_salesforce.http.error_parser import late, lost_answer, unusable
from bulkflow_salesforce.http.errors import (
    OrgError,
    UnknownHostError,
    UnreachableError,
)
from bulkflow_salesforce.http.headers import Headers
from bulkflow_salesforce.http.network import Network
from bulkflow_salesforce.http.redaction import SHORTEST
from bulkflow_salesforce.http.request import Upload
from bulkflow_salesforce.http.response_stream import BLOCK, Answer
from bulkflow_salesforce.http.tls import tls_context

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Sequence

    from urllib3.connectionpool import HTTPConnectionPool

    from bulkflow_salesforce.http.connection import Connection
    from bulkflow_salesforce.http.network import Proxy
    from bulkflow_salesforce.http.origin import Origin
    from bulkflow_salesforce.http.request import Request, Timeouts


@define(eq=False, repr=False)
class Wire:
    """The connections to one server, kept open and shared by all threads.

    Attributes:
        origin: The server.
        timeouts: How long is waited for what.
        connections: The most connections at a time; a thread that finds none free waits.
        network: Proxy and certificates.
        clock: Seconds that only grow; tells how long a connection lay idle.
    """

    origin: Origin
    timeouts: Timeouts
    connections: int = 16
    network: Network = field(factory=Network)
    clock: Callable[[], float] = time.monotonic
    _reached: bool = field(default=False, init=False, repr=False)
    _pool: HTTPConnectionPool = field(init=False, repr=False)

    @_pool.default
    def _make_pool(self) -> HTTPConnectionPool:
        # The one place where connections are set up.
        settings: dict[str, Any] = {
            "maxsize": self.connections,
            "block": True,
            "retries": False,
            "blocksize": BLOCK,
            "socket_options": [
                *HTTPConnection.default_socket_options,
                (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
            ],
            "send_timeout": self.timeouts.read,
            "clock": self.clock,
        }
        if not self.origin.secure:
            return Pool(self.origin.hostname, self.origin.port, **settings)
        context = tls_context(self.network)
        proxy = self.network.proxy_to(self.origin)
        if proxy is not None:
            settings |= _through(proxy, context)
        return TlsPool(self.origin.hostname, self.origin.port, ssl_context=context, **settings)

    @contextmanager
    def exchange(
        self, request: Request, headers: dict[str, str], secrets: Sequence[str]
    ) -> Iterator[Answer]:
        """Send a request once, and give its answer; the connection is given back afterwards.

        A body that was not read to its end costs the connection.

        Args:
            request: What to send.
            headers: What to send above it.
            secrets: What of both must be shown nowhere, whatever the server gives back; errors
                that are raised in here and in the block do not have it.

        Raises:
            UnreachableError: No connection was made.
            TlsError: No trusted connection was made.
            LostAnswerError: The request went out, and no answer came, or it came too early.
            LocalFileError: The body could not be read.
        """
        try:
            with self._exchange(request, headers, secrets) as answer:
                yield answer
        except OrgError as error:
            # A server may give them back in any place: a page, a header, a status line.
            error.hide(*secrets)
            raise

    @contextmanager
    def _exchange(
        self, request: Request, headers: dict[str, str], secrets: Sequence[str]
    ) -> Iterator[Answer]:
        sought = tuple(each for each in secrets if len(each) >= SHORTEST)
        if request.body is None:
            response = self._send(request, headers, None)
        else:
            with Upload(request.body) as upload:
                response = self._send(request, headers, upload)
                if response.status < 300 and not upload.complete:
                    response.close()
                    response.release_conn()
                    raise unusable(request.call, "success before it had all of the data")
        self._reached = True
        if response.status < 200:
            # What follows on this connection is the answer, or another protocol.
            response.close()
        try:
            yield Answer(
                call=request.call,
                status=response.status,
                headers=Headers(response.headers.items()).redacted(*sought),
                secrets=sought,
                response=response,
                pace=cast("Connection", response.connection).pace,
                timeouts=self.timeouts,
            )
        finally:
            # After a body that was read to its end this leaves the connection open.
            if not response.closed:
                response.close()
            response.release_conn()

    def close(self) -> None:
        """Close the connections that lie idle; those in use follow when they are done."""
        self._pool.close()

    def _send(
        self, request: Request, headers: dict[str, str], upload: Upload | None
    ) -> urllib3.BaseHTTPResponse:
        call = request.call
        timeout = urllib3.Timeout(connect=self.timeouts.connect, read=request.read_timeout)
        try:
            return self._pool.urlopen(
                call.method,
                request.target,
                body=upload,  # type: ignore[arg-type]  # urllib3 takes a memoryview from read()
                headers=headers,
                timeout=timeout,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
        except ClosedPoolError as error:
            raise UnreachableError(f"the session with {call.host} is closed", call=call) from error
        except ProxyError as error:
            raise_proxy_unreachable(call, self.network.proxy_to(self.origin), error)
        except ConnectTimeoutError as error:  # NewConnectionError and NameResolutionError too
            if "Tunnel connection failed" in str(error.__cause__):
                raise_proxy_unreachable(call, self.network.proxy_to(self.origin), error)
            if isinstance(error, NameResolutionError):
                raise UnknownHostError(
                    f"the host name {call.host} is not known",
                    call=call,
                    known_before=self._reached,
                    help="check the instance URL and the network; this request was not sent",
                ) from error
            raise_unreachable(call, error, self.timeouts.connect)
        except ReadTimeoutError as error:
            raise late(call, request.read_timeout) from error
        except (HTTPError, HTTPException, OSError) as error:
            if any(isinstance(reason, TimeoutError) for reason in error.args):
                raise late(call, self.timeouts.read) from error
            what = (
                f"{call.host} answered {call} with a head that is not HTTP"
                if is_malformed(error)
                else f"{call.host} closed the connection before it answered {call}"
            )
            raise lost_answer(call, what) from error


def _through(proxy: Proxy, context: ssl.SSLContext) -> dict[str, Any]:
    """What makes a pool's connections tunnels; the manager is asked, as it knows the form."""
    headers = {"User-Agent": f"bulkflow/{__version__}"}
    if proxy.authorization is not None:
        headers["Proxy-Authorization"] = proxy.authorization
    manager = urllib3.ProxyManager(proxy.url, proxy_headers=headers, proxy_ssl_context=context)
    return {
        "_proxy": manager.proxy,
        "_proxy_headers": manager.proxy_headers,
        "_proxy_config": manager.proxy_config,
    }
