"""urllib3 connections with classified failures, an idle limit and a read deadline."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError

from bulkflow_salesforce.http.read_deadline import DeadlineResponse, ReadDeadline

if TYPE_CHECKING:
    from collections.abc import Callable

    import urllib3

# Connections that were idle for longer are not reused: the server, or a firewall, may have dropped
# them silently, and the outcome of a request that is lost that way is unknown.
_LONGEST_IDLE = 50.0


class Connection(HTTPConnection):
    """A connection that distinguishes failures to connect from later ones, with a read deadline."""

    def __init__(self, *args: Any, send_timeout: float, clock: Callable[[], float], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._send_timeout = send_timeout
        self._clock = clock
        self._last_used = clock()
        self.deadline = ReadDeadline(clock)
        # urllib3 only ever calls it.
        self.response_class = partial(  # type: ignore[assignment]
            DeadlineResponse, deadline=self.deadline
        )

    def connect(self) -> None:
        """Connect, through the proxy if there is one. Raises `NewConnectionError`."""
        # The deadline also applies to the proxy's response.
        self.deadline.start(_to_seconds(self.timeout))
        try:
            super().connect()
        except OSError as error:
            # Also for ssl.SSLError and TimeoutError: otherwise a handshake that timed out would
            # look like a response that did.
            raise NewConnectionError(self, str(error)) from error
        if self.sock is not None:
            self.sock.settimeout(self._send_timeout)
        self._last_used = self._clock()

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send a request, with the timeout for sending."""
        # urllib3 leaves the connect timeout on the socket until the response is read, and a slow
        # uplink may need longer than that for a block. `connect` handles new connections.
        if self.sock is not None:
            self.timeout = self._send_timeout
        super().request(*args, **kwargs)

    @property
    def is_connected(self) -> bool:
        """Whether the connection may be reused."""
        idle = self._clock() - self._last_used
        return 0 <= idle <= _LONGEST_IDLE and super().is_connected

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]  # as in urllib3
        """Read the head of the response, within its timeout."""
        self._last_used = self._clock()
        self.deadline.start(_to_seconds(self.timeout))
        return super().getresponse()


def _to_seconds(timeout: object) -> float:
    """Narrow the type of urllib3's timeout; every request here has one."""
    assert isinstance(timeout, int | float)
    return timeout


class TlsConnection(Connection, HTTPSConnection):
    """A `Connection` over TLS."""


class Pool(HTTPConnectionPool):
    """The connections to one server over plain HTTP."""

    ConnectionCls = Connection


class TlsPool(HTTPSConnectionPool):
    """The connections to one server over TLS."""

    ConnectionCls = TlsConnection
