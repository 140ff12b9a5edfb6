"""Connections of urllib3 with what is missing there: kinds of failures, idle times, a pace."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError

from bulkflow_salesforce.http.read_deadline import Pace, PacedResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    import urllib3

# Connections that lay idle for longer are not used again: the far end, or a firewall between, may
# have dropped them without a word, and a request lost that way has an unknown outcome.
_LONGEST_IDLE = 50.0


class Connection(HTTPConnection):
    """A connection that tells a failure to connect from all that comes later, and keeps a pace."""

    def __init__(self, *args: Any, send_timeout: float, clock: Callable[[], float], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._send_timeout = send_timeout
        self._clock = clock
        self._last_used = clock()
        self.pace = Pace(clock)
        # Called, and never looked at.
        self.response_class = partial(PacedResponse, pace=self.pace)  # type: ignore[assignment]

    def connect(self) -> None:
        """Connect, also through a proxy; `NewConnectionError` if that fails, whatever the cause."""
        # For the answer of a proxy.
        self.pace.begin(_seconds(self.timeout))
        try:
            super().connect()
        except OSError as error:
            # ssl.SSLError and TimeoutError too: without this a handshake that timed out would look
            # like an answer that did.
            raise NewConnectionError(self, str(error)) from error
        if self.sock is not None:
            self.sock.settimeout(self._send_timeout)
        self._last_used = self._clock()

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send a request, with the time-out for sending."""
        # urllib3 leaves the connect timeout on the socket until the answer is read, and a slow
        # uplink may well need longer than that for a block. `connect` sees to a new connection.
        if self.sock is not None:
            self.timeout = self._send_timeout
        super().request(*args, **kwargs)

    @property
    def is_connected(self) -> bool:
        """Whether it may be used again."""
        idle = self._clock() - self._last_used
        return 0 <= idle <= _LONGEST_IDLE and super().is_connected

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]  # as in urllib3
        """Read the head of the answer, within the time-out for it."""
        self._last_used = self._clock()
        self.pace.begin(_seconds(self.timeout))
        return super().getresponse()


def _seconds(timeout: object) -> float:
    """A time-out of urllib3's; every request here has one."""
    assert isinstance(timeout, int | float)
    return timeout


class TlsConnection(Connection, HTTPSConnection):
    """The same over TLS."""


class Pool(HTTPConnectionPool):
    """The connections to one server, in plain HTTP."""

    ConnectionCls = Connection


class TlsPool(HTTPSConnectionPool):
    """The connections to one server, over TLS."""

    ConnectionCls = TlsConnection
