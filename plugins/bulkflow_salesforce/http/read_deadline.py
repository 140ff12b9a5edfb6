"""How long an answer may take as a whole, however slowly its bytes drip in.

The time-out of a socket begins anew with each byte, so that a server which sends one every minute
could hold a thread for weeks. A pace is asked before each read of the socket, and gives the time
that is left for it. Only waiting for the server counts: what the reader does with the bytes, and a
machine that sleeps meanwhile, takes nothing off.
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
"""Processing, and early hints for browsers: the answer is still to come."""


@define(eq=False, repr=False)
class Pace:
    """The time for what is read next from one connection.

    Attributes:
        clock: Seconds that only grow.
    """

    clock: Callable[[], float]
    _window: float = field(default=0.0, init=False)
    _least: int | None = field(default=None, init=False)
    _waited: float = field(default=0.0, init=False)
    _came: int = field(default=0, init=False)

    def begin(self, window: float, least: int | None = None) -> None:
        """From now on, each `least` bytes must come within `window` seconds; without it, all."""
        self._window, self._least = window, least
        self._waited, self._came = 0.0, 0

    def read(self, read: Callable[[], int], sock: socket.socket) -> int:
        """Read once from a socket, in the time that is left.

        Args:
            read: Waits for bytes, and gives their number.
            sock: What it reads from.

        Raises:
            TimeoutError: The time is up.
        """
        if self._least is not None and self._came >= self._least:
            self._waited, self._came = 0.0, 0
        left = self._window - self._waited
        if left <= 0:
            raise TimeoutError("the answer comes too slowly")
        sock.settimeout(left)
        began = self.clock()
        came = read()
        self._waited += self.clock() - began
        self._came += came
        return came


class PacedResponse(HTTPResponse):
    """An answer whose bytes, those of its head included, are read at a pace."""

    def __init__(self, sock: socket.socket, *args: Any, pace: Pace, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_PacedSocket(self.fp.detach(), sock, pace))

    def _read_status(self) -> tuple[str, int, str]:
        # http.client passes over 100 only, and would take the others for the answer (RFC 9110,
        # 15.2: a client has to be ready for one that it did not expect).
        version, status, reason = super()._read_status()  # type: ignore[misc]
        while status in _INTERIM:
            parse_headers(self.fp)
            version, status, reason = super()._read_status()  # type: ignore[misc]
        return version, status, reason


class _PacedSocket(io.RawIOBase):
    def __init__(self, raw: io.RawIOBase, sock: socket.socket, pace: Pace) -> None:
        self._raw = raw
        self._socket = sock
        self._pace = pace

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        return self._pace.read(lambda: self._raw.readinto(buffer) or 0, self._socket)

    def fileno(self) -> int:
        return self._raw.fileno()

    def close(self) -> None:
        self._raw.close()
        super().close()
