"""The request log: the last requests that a sandbox was sent, and how each ended."""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

if TYPE_CHECKING:
    from datetime import datetime

MOST_ENTRIES: Final = 2000


@frozen
class RequestEntry:
    """One request.

    `number` counts from 1. `status` is `None` when the connection ended before an answer began.
    `milliseconds` are from the request's head to the answer's last byte; `received` and `sent` are
    the bytes of the two bodies. `error` is the code and message of a refusal. Tokens and secrets
    are in none of this: the path has its query only where a resource of the API was asked for.
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
        capacity: Most entries that are kept.
    """

    def __init__(self, capacity: int = MOST_ENTRIES) -> None:
        self._entries: deque[RequestEntry] = deque(maxlen=capacity)
        self._total = 0
        self._lock = Lock()

    @property
    def total(self) -> int:
        """How many requests there were, also those that the log has let go."""
        return self._total

    def add(self, entry: RequestEntry) -> None:
        """Keeps a request, under the next number."""
        with self._lock:
            self._total += 1
            self._entries.append(evolve(entry, number=self._total))

    def list_after(self, number: int = 0) -> tuple[RequestEntry, ...]:
        """The kept entries with greater numbers."""
        with self._lock:
            fresh = min(self._total - number, len(self._entries))
            if fresh <= 0:
                return ()
            return tuple(self._entries[index] for index in range(-fresh, 0))

    def clear(self) -> None:
        """Lets go of all entries; numbers go on."""
        with self._lock:
            self._entries.clear()
