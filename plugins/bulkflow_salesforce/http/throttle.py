"""Limits of a session on itself: a retry budget, and a slow-down near the org's daily API limit.

A policy limits the attempts of one request. It does not stop a run of thousands of requests from
doubling the load of an org that is already failing. The budget does, like gRPC's retry throttling:
each retry costs one, and each success earns a tenth.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from attrs import define, field, frozen, validators

if TYPE_CHECKING:
    from bulkflow_salesforce.http.headers import LimitInfo


@define(eq=False, repr=False)
class RetryBudget:
    """The retries that all threads of a session share.

    Attributes:
        capacity: The maximum retries while every request fails.
        refill: What a successful request earns.
    """

    capacity: float = field(default=100.0, validator=validators.ge(0))
    refill: float = field(default=0.1, validator=validators.ge(0))
    _left: float = field(init=False, repr=False)
    _lock: Lock = field(factory=Lock, init=False, repr=False)

    @_left.default
    def _get_capacity(self) -> float:
        return self.capacity

    def spend(self) -> bool:
        """Take one retry; return whether there was one left."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True

    def earn(self) -> None:
        """Count a successful request."""
        with self._lock:
            self._left = min(self.capacity, self._left + self.refill)


@frozen
class Throttle:
    """Slows a session down before the org's daily API requests are used up.

    All users and programs of the org share them, so a run must not use them up. Once they are used
    up, there is no point in waiting: the org refuses the request with a clear error.

    Attributes:
        reserve: The share of the daily requests to use slowly.
        longest: The wait in seconds before each request when almost none are left.
    """

    reserve: float = field(default=0.05, validator=[validators.ge(0), validators.le(1)])
    longest: float = field(default=30.0, validator=validators.ge(0))

    def compute_wait(self, info: LimitInfo | None) -> float:
        """Compute the seconds to wait before the next request, from the latest limits."""
        if info is None:
            return 0.0
        left, kept = info.total - info.used, info.total * self.reserve
        if left <= 0 or left >= kept:
            return 0.0
        return self.longest * (1 - left / kept)
