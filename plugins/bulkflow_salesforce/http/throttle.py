"""Limits that a run sets itself: how often it repeats, and how fast it uses up the org's requests.

A policy bounds the attempts of one request; it does not keep a run of thousands of requests from
doubling the load of an org that is in trouble. The budget does, as in gRPC's retry throttling: each
repeat costs one, each success gives back a tenth.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from attrs import define, field, frozen, validators

if TYPE_CHECKING:
    from bulkflow_salesforce.http.headers import LimitInfo


@define(eq=False, repr=False)
class RetryBudget:
    """The repeats that all threads of a session have together.

    Attributes:
        capacity: Repeats that may be made in a row of failures.
        refill: What a request that succeeds gives back.
    """

    capacity: float = field(default=100.0, validator=validators.ge(0))
    refill: float = field(default=0.1, validator=validators.ge(0))
    _left: float = field(init=False, repr=False)
    _lock: Lock = field(factory=Lock, init=False, repr=False)

    @_left.default
    def _full(self) -> float:
        return self.capacity

    def spend(self) -> bool:
        """Take one repeat; whether there was one."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True

    def earn(self) -> None:
        """Note that a request succeeded."""
        with self._lock:
            self._left = min(self.capacity, self._left + self.refill)


@frozen
class Thrift:
    """How a session slows down before the org's requests of the day are gone.

    The requests are those of the whole org, so a run that eats them stops everybody else's work.
    When they are gone there is nothing left to save: the org refuses, and that is said.

    Attributes:
        reserve: The share of the day's requests that is used up slowly.
        longest: Seconds before each request when hardly any are left; fewer before that.
    """

    reserve: float = field(default=0.05, validator=[validators.ge(0), validators.le(1)])
    longest: float = field(default=30.0, validator=validators.ge(0))

    def pause(self, info: LimitInfo | None) -> float:
        """The seconds to wait before the next request, by what the latest answer told."""
        if info is None:
            return 0.0
        left, kept = info.total - info.used, info.total * self.reserve
        if left <= 0 or left >= kept:
            return 0.0
        return self.longest * (1 - left / kept)
