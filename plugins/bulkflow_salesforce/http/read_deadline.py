"""Limits the time for a whole response, even if its bytes arrive one by one.

A socket timeout restarts with each byte, so a server that sends one per minute could block a thread
for weeks. Here, a deadline sets the timeout of each read to the time that is left. Only time spent
waiting for the server counts, not the time that the reader needs, nor a sleep of the machine.
"""

from __future__ import annotations

import io
from http.client import HTTPResponse, parse_headers
from typing import TYPE_CHECKING, Any

from attrs import define, field

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from _typeshed import WriteableBuffer


_INTERIM = frozenset({102, 103})
"""Processing, and early hints for browsers: the final response follows."""


@define(eq=False, repr=False)
class ReadDeadline:
    """The time allowed for the next data from one connection.

    Attributes:
        clock: Monotonic seconds.
    """

    clock: Callable[[], float]
    _window: float = field(default=0.0, init=False)
    _least: int | None = field(default=None, init=False)
    _waited: float = field(default=0.0, init=False)
    _received: int = field(default=0, init=False)

    def start(self, window: float, least: int | None = None) -> None:
        """Require every `least` bytes within `window` seconds; without `least`, all data."""
        self._window, self._least = window, least
        self._waited, self._received = 0.0, 0

    def read(self, read: Callable[[], int], sock: socket.socket) -> int:
        """Read once from a socket, within the time that is left.

        Args:
            read: Waits for bytes, and returns their number.
            sock: The socket that it reads from.

        Raises:
            TimeoutError: The time is up.
        """
        if self._least is not None and self._received >= self._least:
            self._waited, self._received = 0.0, 0
        left = self._window - self._waited
        if left <= 0:
            raise TimeoutError("the response arrives too slowly")
        sock.settimeout(left)
        began = self.clock()
        size = read()
        self._waited += self.clock() - began
        self._received += size
        return size


class DeadlineResponse(HTTPResponse):
    """A response whose head and body are read with a deadline."""

    def __init__(
        self, sock: socket.socket, *args: Any, deadline: ReadDeadline, **kwargs: Any
    ) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_DeadlineSocket(self.fp.detach(), sock, deadline))

    def _read_status(self) -> tuple[str, int, str]:
        # http.client skips 100 only, and would take other interim responses for the final one (RFC
        # 9110, 15.2: a client must handle unexpected ones).
        version, status, reason = super()._read_status()  # type: ignore[misc]
        while status in _INTERIM:
            parse_headers(self.fp)
            version, status, reason = super()._read_status()  # type: ignore[misc]
        return version, status, reason


class _DeadlineSocket(io.RawIOBase):
    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: ReadDeadline) -> None:
        self._raw = raw
        self._socket = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        return self._deadline.read(lambda: self._raw.readinto(buffer) or 0, self._socket)

    def fileno(self) -> int:
        return self._raw.fileno()

    def close(self) -> None:
        self._raw.close()
        super().close()
