"""Sends single requests through urllib3, and yields their responses as they arrive.

This module never retries. It decides what everything else relies on: whether a failure happened
before anything was sent (`UnreachableError`, `TlsError`) or after (`LostResponseError`).
"""

from __future__ import annotations

import logging
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
from bulkflow_salesforce.http.error_parser import (
    make_late_error,
    make_lost_error,
    make_unusable_error,
)
from bulkflow_salesforce.http.errors import OrgError, UnknownHostError, UnreachableError
from bulkflow_salesforce.http.headers import Headers
from bulkflow_salesforce.http.network import Network
from bulkflow_salesforce.http.redaction import SHORTEST_SECRET, redact
from bulkflow_salesforce.http.request import Upload
from bulkflow_salesforce.http.response_stream import BLOCK, ResponseStream
from bulkflow_salesforce.http.tls import make_tls_context

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Sequence

    from urllib3.connectionpool import HTTPConnectionPool

    from bulkflow_salesforce.http.connection import Connection
    from bulkflow_salesforce.http.network import Proxy
    from bulkflow_salesforce.http.origin import Origin
    from bulkflow_salesforce.http.request import Request, Timeouts

logger = logging.getLogger(__name__)

_REQUEST_IDS = ("x-sfdc-request-id", "x-request-id")


@define(eq=False, repr=False)
class Transport:
    """The connections to one server, kept open and shared by all threads.

    Attributes:
        origin: The server.
        timeouts: The timeouts of requests.
        connections: The maximum number of connections; further threads wait for a free one.
        network: Proxy and certificates.
        clock: Monotonic seconds.
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
        context = make_tls_context(self.network)
        proxy = self.network.find_proxy(self.origin)
        if proxy is not None:
            settings |= _make_proxy_settings(proxy, context)
        return TlsPool(self.origin.hostname, self.origin.port, ssl_context=context, **settings)

    @contextmanager
    def exchange(
        self, request: Request, headers: dict[str, str], secrets: Sequence[str]
    ) -> Iterator[ResponseStream]:
        """Send a request once, yield its response, and release the connection.

        The connection is closed if the body was not read to its end.

        Args:
            request: The request.
            headers: Its headers.
            secrets: Values of both that must never be shown, even if the server echoes them. They
                are removed from errors raised here and in the block.

        Raises:
            UnreachableError: No connection was made.
            TlsError: No trusted connection was made.
            LostResponseError: The request was sent, and its response did not arrive, or came before
                the whole request was sent.
            LocalFileError: The body could not be read.
        """
        began = self.clock()
        try:
            with self._exchange(request, headers, secrets) as response:
                yield response
        except OrgError as error:
            # A server may echo them anywhere: in a page, a header, a status line.
            error.hide(*secrets)
            logger.debug(
                "%s failed after %.3f s: %s",
                request.call,
                self.clock() - began,
                type(error).__name__,
            )
            raise

    @contextmanager
    def _exchange(
        self, request: Request, headers: dict[str, str], secrets: Sequence[str]
    ) -> Iterator[ResponseStream]:
        began = self.clock()
        self._log_request(request, secrets)
        sought = tuple(each for each in secrets if len(each) >= SHORTEST_SECRET)
        if request.body is None:
            response = self._send(request, headers, None)
        else:
            with Upload(request.body) as upload:
                response = self._send(request, headers, upload)
                if response.status < 300 and not upload.complete:
                    response.close()
                    response.release_conn()
                    raise make_unusable_error(
                        request.call, "success before it had received all of the data"
                    )
        self._reached = True
        if response.status < 200:
            # The final response, or another protocol, follows on this connection.
            response.close()
        try:
            stream = ResponseStream(
                call=request.call,
                status=response.status,
                headers=Headers(response.headers.items()).redact(*sought),
                secrets=sought,
                response=response,
                deadline=cast("Connection", response.connection).deadline,
                timeouts=self.timeouts,
            )
            self._log_response(stream, self.clock() - began)
            yield stream
        finally:
            # The connection stays open if the body was read to its end.
            if not response.closed:
                response.close()
            response.release_conn()

    def _log_request(self, request: Request, secrets: Sequence[str]) -> None:
        """Log a request without its query, its headers and its body, which may have secrets."""
        if logger.isEnabledFor(logging.DEBUG):
            call, size = request.call, 0 if request.body is None else request.body.length
            url = redact(f"{self.origin.url}{call.path}", *secrets)
            logger.debug("%s %s: sending %d bytes", call.method, url, size)

    def _log_response(self, response: ResponseStream, seconds: float) -> None:
        headers = response.headers
        logger.debug(
            "%s: status %d after %.3f s, request id %s, limits %s",
            response.call,
            response.status,
            seconds,
            next((headers[name] for name in _REQUEST_IDS if name in headers), "-"),
            headers.get("sforce-limit-info", "-"),
        )

    def close(self) -> None:
        """Close the idle connections; those in use are closed when they are released."""
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
                body=upload,  # type: ignore[arg-type]  # urllib3 accepts a memoryview from read()
                headers=headers,
                timeout=timeout,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
        except ClosedPoolError as error:
            raise UnreachableError(f"the session with {call.host} is closed", call=call) from error
        except ProxyError as error:
            raise_proxy_unreachable(call, self.network.find_proxy(self.origin), error)
        except ConnectTimeoutError as error:  # also NewConnectionError and NameResolutionError
            if "Tunnel connection failed" in str(error.__cause__):
                raise_proxy_unreachable(call, self.network.find_proxy(self.origin), error)
            if isinstance(error, NameResolutionError):
                raise UnknownHostError(
                    f"the host name {call.host} cannot be resolved",
                    call=call,
                    known_before=self._reached,
                    help="check the instance URL and the network; this request was not sent",
                ) from error
            raise_unreachable(call, error, self.timeouts.connect)
        except ReadTimeoutError as error:
            raise make_late_error(call, request.read_timeout) from error
        except (HTTPError, HTTPException, OSError) as error:
            if any(isinstance(reason, TimeoutError) for reason in error.args):
                raise make_late_error(call, self.timeouts.read) from error
            what = (
                f"{call.host} responded to {call} with something that is not HTTP"
                if is_malformed(error)
                else f"{call.host} closed the connection before it responded to {call}"
            )
            raise make_lost_error(call, what) from error


def _make_proxy_settings(proxy: Proxy, context: ssl.SSLContext) -> dict[str, Any]:
    """Make the settings of a pool that tunnels; urllib3's manager knows their form."""
    headers = {"User-Agent": f"bulkflow/{__version__}"}
    if proxy.authorization is not None:
        headers["Proxy-Authorization"] = proxy.authorization
    manager = urllib3.ProxyManager(proxy.url, proxy_headers=headers, proxy_ssl_context=context)
    return {
        "_proxy": manager.proxy,
        "_proxy_headers": manager.proxy_headers,
        "_proxy_config": manager.proxy_config,
    }
