"""The limits of an org, counted per 24 hours."""

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
"""Records processed by ingest jobs. `/limits` does not show this limit."""

_MAXIMA: Final = {
    API_REQUESTS: 5_000_000,
    BULK_BATCHES: 15_000,
    QUERY_JOBS: 10_000,
    QUERY_STORAGE: 976_562,
}


class Limits:
    """Counts the uses that the org limits.

    The 24 hours start at the first use, and restart at the first use after their end. Salesforce's
    are rolling, which would require storing the time of every request.
    """

    def __init__(self, clock: SandboxClock, *, records_per_day: int) -> None:
        self._clock = clock
        self._maxima = dict(_MAXIMA) | {RECORDS: records_per_day}
        self._used = dict.fromkeys(self._maxima, 0)
        self._ends: datetime | None = None
        self._lock = Lock()

    def use(self, name: str, amount: int = 1) -> None:
        """Count a use, even beyond the limit."""
        with self._lock:
            self._reset_if_due()
            self._used[name] += amount

    def get_remaining(self, name: str) -> int:
        """Get how much of a limit is left."""
        with self._lock:
            self._reset_if_due()
            return max(0, self._maxima[name] - self._used[name])

    def set(self, name: str, maximum: int) -> None:
        """Change a limit.

        Raises:
            UsageError: The limit is unknown.
        """
        self.set_all({name: maximum})

    def set_all(self, maxima: Mapping[str, int]) -> None:
        """Change all of the given limits, or none.

        Raises:
            UsageError: A limit is unknown.
        """
        for name in maxima:
            self.check(name)
        with self._lock:
            self._maxima.update(maxima)

    def check(self, name: str) -> None:
        """Check that a limit exists.

        Raises:
            UsageError: The limit is unknown.
        """
        if name not in self._maxima:
            raise UsageError(
                f"unknown limit {name!r}", help=f"the limits are {', '.join(self._maxima)}"
            )

    def get_usage(self, name: str) -> tuple[int, int]:
        """Get how much of a limit is used, and the limit."""
        with self._lock:
            self._reset_if_due()
            return self._used[name], self._maxima[name]

    def list_shown(self) -> dict[str, tuple[int, int]]:
        """List the limits that `/limits` shows: the used amount and the maximum by name."""
        return {name: self.get_usage(name) for name in _MAXIMA}

    def count_request(self) -> None:
        """Count a request.

        Raises:
            ApiError: The limit of requests is exceeded.
        """
        self.use(API_REQUESTS)
        used, maximum = self.get_usage(API_REQUESTS)
        if used > maximum:
            raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")

    def _reset_if_due(self) -> None:
        now = self._clock.now()
        if self._ends is None or now >= self._ends:
            self._ends = now + timedelta(hours=24)
            self._used = dict.fromkeys(self._maxima, 0)
