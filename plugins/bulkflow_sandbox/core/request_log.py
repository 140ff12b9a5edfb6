"""The request log: the last requests to a sandbox, and their outcomes."""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

if TYPE_CHECKING:
    from datetime import datetime

MAX_ENTRIES: Final = 2000


@frozen
class RequestEntry:
    """One request.

    `number` counts from 1. `status` is `None` if the connection ended before a response began.
    `milliseconds` is the time from the request's head to the response's last byte. `received` and
    `sent` are the sizes of the two bodies in bytes. `error` is the code and message of an error
    response. An entry has no tokens or secrets, so the path has a query only for resources of the
    API.
    """

    at: datetime
    method: str
    path: str
    status: int | None
    milliseconds: float
    received: int
    sent: int
    client: str
    error: str | None = None
    number: int = 0


class RequestLog:
    """The last requests, in the order in which they ended.

    Args:
        capacity: The maximum number of entries.
    """

    def __init__(self, capacity: int = MAX_ENTRIES) -> None:
        self._entries: deque[RequestEntry] = deque(maxlen=capacity)
        self._total = 0
        self._lock = Lock()

    @property
    def total(self) -> int:
        """The number of requests, including the dropped ones."""
        return self._total

    def add(self, entry: RequestEntry) -> None:
        """Add a request with the next number."""
        with self._lock:
            self._total += 1
            self._entries.append(evolve(entry, number=self._total))

    def list_after(self, number: int = 0) -> tuple[RequestEntry, ...]:
        """List the entries with greater numbers."""
        with self._lock:
            fresh = min(self._total - number, len(self._entries))
            if fresh <= 0:
                return ()
            return tuple(self._entries[index] for index in range(-fresh, 0))

    def clear(self) -> None:
        """Drop all entries. The numbers continue."""
        with self._lock:
            self._entries.clear()
