"""Decides whether a request is retried, and after how long; nothing else decides that.

urllib3's own retries are switched off. Nothing is retried that the org may have processed already:

- Nothing was sent (unknown host, refused, connecting or the handshake failed): any method.
- 420 (the edge could not route the request) and 429: any method, because the server did not start.
- An incomplete or late response, 408, 500, 502, 503, 504, 520 to 530: GET and HEAD only. A 503
  proves nothing, because gateways send it as well, and the server after them may have finished. A
  caller that asks the org first needs one more request, and is certain.
- 403 REQUEST_LIMIT_EXCEEDED: only with patience, and only for too many concurrent requests
  (`ConcurrentRequests`), which passes. If the daily requests are used up, each retry is one more
  failure.
- What cannot pass by itself, such as a wrong proxy password: never.

A 401 is not handled here: the session renews the token and sends the request again once, because
the org did nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, field, frozen, validators

from bulkflow_salesforce.http.errors import (
    LimitExceededError,
    LostResponseError,
    NotFoundError,
    OrgError,
    ProxyRefusedError,
    SalesforceError,
    TlsError,
    UnauthorizedError,
    UnknownHostError,
    UnreachableError,
)

if TYPE_CHECKING:
    from bulkflow.errors import BulkflowError

_NOT_STARTED = frozenset({420, 429})
# 520 to 530 are Cloudflare's, for failures of the server that it protects.
_TRANSIENT = frozenset({408, 500, 502, 503, 504, *range(520, 531)})


@frozen
class RetryPolicy:
    """How often and how patiently a request is retried.

    Attributes:
        attempts: Requests in all, including the first; ignored for failures that patience waits
            out.
        base: Seconds before the second attempt; doubled for each further one.
        cap: The maximum of the doubled wait, in seconds.
        jitter: The random share of a wait, to spread threads: a wait is between `1 - jitter` and 1
            times its full length.
        retry_after_cap: The maximum seconds of `Retry-After` to obey.
        patience: Seconds from the start of a call during which transient failures are waited out;
            the last attempt is made when they have passed. None: `attempts` decides.
        total: Seconds from the start of a call after which `attempts` allows no more: five
            attempts at a response that trickles would take 20 minutes.
    """

    attempts: int = field(default=5, validator=validators.ge(1))
    base: float = field(default=0.5, validator=validators.ge(0))
    cap: float = field(default=30.0, validator=validators.ge(0))
    jitter: float = field(default=0.5, validator=[validators.ge(0), validators.le(1)])
    retry_after_cap: float = field(default=120.0, validator=validators.ge(0))
    patience: float | None = None
    total: float = field(default=300.0, validator=validators.ge(0))

    def with_patience(self, seconds: float) -> RetryPolicy:
        """Make the same policy with patience; zero seconds wait for nothing."""
        return evolve(self, patience=max(0.0, seconds))

    def compute_wait(
        self,
        error: OrgError,
        attempt: int,
        chance: float,
        *,
        elapsed: float = 0.0,
        spent: bool = False,
    ) -> float | None:
        """Compute the seconds to wait before a retry; None if the request must not be retried.

        Args:
            error: The outcome of the request.
            attempt: The number of the failed attempt, from 1.
            chance: A random number from 0 to 1.
            elapsed: Seconds since the call began.
            spent: Whether the retry budget is spent; a patient policy then waits longer.
        """
        wait = self._back_off(error, attempt, chance, spent=spent)
        if self.patience is not None and is_transient(error):
            left = self.patience - elapsed
            if left <= 0 or not is_retryable(error, patient=True):
                return None
            # At least a tenth of a second, or rounding could cause a burst of last attempts.
            return max(0.1, min(wait, left))
        may_be = attempt < self.attempts and elapsed < self.total and is_retryable(error)
        return wait if may_be else None

    def _back_off(self, error: OrgError, attempt: int, chance: float, *, spent: bool) -> float:
        # The exponent is limited because 2.0 ** 1024 raises an error.
        full = self.cap if spent else min(self.cap, self.base * 2.0 ** min(attempt - 1, 60))
        wait = full * (1 - self.jitter * chance)
        asked = error.retry_after if isinstance(error, SalesforceError) else None
        return wait if asked is None else max(wait, min(asked, self.retry_after_cap))


def is_retryable(error: OrgError, *, patient: bool = False) -> bool:
    """Check whether a retry may help and cannot do anything twice.

    Args:
        error: The outcome of the request.
        patient: Whether to wait out a limit on concurrent requests.
    """
    match error:
        case ProxyRefusedError():
            return False
        case UnreachableError():
            return True
        case LostResponseError():
            return not error.ambiguous
        case SalesforceError():
            return (
                error.status in _NOT_STARTED
                or (error.status in _TRANSIENT and not error.call.changes)
                or (patient and _is_crowded(error))
            )
        case _:
            return False


def is_transient(error: BulkflowError) -> bool:
    """Check whether a failure may pass by itself, and so says nothing about the request.

    Transient failures are server errors (408, 5xx), no complete response, no connection, 420, 429,
    and too many concurrent requests. Whether the request may be retried is another question; see
    `LostResponseError.ambiguous`.
    """
    match error:
        case ProxyRefusedError():
            return False
        case UnknownHostError():
            return error.known_before
        case UnreachableError() | LostResponseError():
            return True
        case SalesforceError():
            return error.status in _NOT_STARTED | _TRANSIENT or _is_crowded(error)
        case _:
            return False


def was_never_started(error: BulkflowError) -> bool:
    """Check whether the org certainly did not start to process the request.

    That is so if no connection was made, after 401, 404, 420 and 429, and if a limit on requests
    refused it. It is uncertain after every other response, including other refusals.
    """
    match error:
        case UnreachableError() | TlsError() | UnauthorizedError() | NotFoundError():
            return True
        case SalesforceError():
            return error.status in _NOT_STARTED or _hit_request_limit(error)
        case _:
            return False


def _hit_request_limit(error: SalesforceError) -> bool:
    return isinstance(error, LimitExceededError) and error.is_code("REQUEST_LIMIT_EXCEEDED")


def _is_crowded(error: SalesforceError) -> bool:
    """Check whether the org has too many concurrent requests, which passes as they finish."""
    return _hit_request_limit(error) and any(
        "concurrentrequests" in fault.message.lower() for fault in error.faults
    )


@frozen
class RetryNotice:
    """Reported before each wait: what failed, and when it is retried.

    Attributes:
        method: The HTTP method.
        path: The path, without its query.
        reason: Why the request is retried, in one sentence.
        attempt: The number of the failed attempt, from 1.
        attempts: The maximum number of attempts, unless there is a `limit`.
        wait: Seconds until the next attempt.
        elapsed: Seconds since the call began.
        limit: Seconds after which the call fails; None if `attempts` decides.
    """

    method: str
    path: str
    reason: str
    attempt: int
    attempts: int
    wait: float
    elapsed: float = 0.0
    limit: float | None = None

    @property
    def bound(self) -> str:
        """The progress in words: `1 of 4`, or `waited out for 45 s, up to 900 s`."""
        if self.limit is None:
            return f"{self.attempt} of {self.attempts - 1}"
        return f"waited out for {self.elapsed:.0f} s, up to {self.limit:.0f} s"
