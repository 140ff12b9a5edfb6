"""The limits of an org, counted over the last 24 hours."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Final

from bulkflow.errors import UsageError
from bulkflow_sandbox.core.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow_sandbox.core.clock import SandboxClock

API_REQUESTS: Final = "DailyApiRequests"
BULK_BATCHES: Final = "DailyBulkApiBatches"
QUERY_JOBS: Final = "DailyBulkV2QueryJobs"
QUERY_STORAGE: Final = "DailyBulkV2QueryFileStorageMB"
RECORDS: Final = "records"
"""Records that ingest jobs processed; `/limits` does not show it."""

_MAXIMA: Final = {
    API_REQUESTS: 5_000_000,
    BULK_BATCHES: 15_000,
    QUERY_JOBS: 10_000,
    QUERY_STORAGE: 976_562,
}


class Limits:
    """Counts what the org's limits are about.

    The 24 hours start at the first use and start again when they are over: nearer to Salesforce's
    rolling ones than is needed, and without a memory of every request.
    """

    def __init__(self, clock: SandboxClock, *, records_per_day: int) -> None:
        self._clock = clock
        self._maxima = dict(_MAXIMA) | {RECORDS: records_per_day}
        self._used = dict.fromkeys(self._maxima, 0)
        self._ends: datetime | None = None
        self._lock = Lock()

    def use(self, name: str, amount: int = 1) -> None:
        """Counts a use, also past the limit."""
        with self._lock:
            self._roll()
            self._used[name] += amount

    def get_remaining(self, name: str) -> int:
        """How much of a limit is left."""
        with self._lock:
            self._roll()
            return max(0, self._maxima[name] - self._used[name])

    def set(self, name: str, maximum: int) -> None:
        """Changes a limit.

        Raises:
            UsageError: There is no such limit.
        """
        self.set_all({name: maximum})

    def set_all(self, maxima: Mapping[str, int]) -> None:
        """Changes limits: all of them, or none.

        Raises:
            UsageError: There is no limit of one of the names.
        """
        for name in maxima:
            self.check(name)
        with self._lock:
            self._maxima.update(maxima)

    def check(self, name: str) -> None:
        """Sees that there is a limit of a name.

        Raises:
            UsageError: There is none.
        """
        if name not in self._maxima:
            raise UsageError(
                f"there is no limit {name!r}", help=f"known are {', '.join(self._maxima)}"
            )

    def get_usage(self, name: str) -> tuple[int, int]:
        """What is used of a limit, and the limit."""
        with self._lock:
            self._roll()
            return self._used[name], self._maxima[name]

    def list_shown(self) -> dict[str, tuple[int, int]]:
        """The limits of the `/limits` resource: name to used and maximum."""
        return {name: self.get_usage(name) for name in _MAXIMA}

    def count_request(self) -> None:
        """Counts a request.

        Raises:
            ApiError: There were too many.
        """
        self.use(API_REQUESTS)
        used, maximum = self.get_usage(API_REQUESTS)
        if used > maximum:
            raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")

    def _roll(self) -> None:
        now = self._clock.now()
        if self._ends is None or now >= self._ends:
            self._ends = now + timedelta(hours=24)
            self._used = dict.fromkeys(self._maxima, 0)
