"""When a request is repeated, and after how long: the only place that decides it.

urllib3's own retries are switched off. The rule is that nothing is repeated which the org may have
done already:

- nothing was sent (unknown name, refused, connecting or the handshake failed): any method;
- 420 (the edge could not route the request) and 429: any method, as the server says that it did
  not begin;
- a cut or late answer, 408, 500, 502, 503, 504, 520 to 530: GET and HEAD only. A 503 is no
  promise: it comes from gateways as well, whose back end may have done the work. A caller that asks
  the org first spends one request on being sure.
- 403 REQUEST_LIMIT_EXCEEDED: only by a patient policy, and only where the org has too many requests
  at a time (`ConcurrentRequests`), which ends by itself. Where its requests of the day are used up,
  each further one makes it worse.
- what cannot pass by itself, such as a wrong password for the proxy: never.

A 401 is not treated here: the session renews the token and repeats once, as the org did nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, field, frozen, validators

from bulkflow_salesforce.http.errors import (
    LimitExceededError,
    LostAnswerError,
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

_NOT_BEGUN = frozenset({420, 429})
# 520 to 530 are those of Cloudflare, for what it cannot get from the server it stands for.
_PASSING = frozenset({408, 500, 502, 503, 504, *range(520, 531)})


@frozen
class RetryPolicy:
    """How often and how patiently a request is repeated.

    Attributes:
        attempts: Requests in all, the first one included; without effect on faults that a patient
            policy waits out.
        base: Seconds before the second attempt; doubled for each further one.
        cap: The most seconds that the doubling comes to.
        jitter: The share of a wait that is left to chance, so that threads spread out: a wait is
            between `1 - jitter` and 1 times its full length.
        retry_after_cap: The most seconds that `Retry-After` is obeyed for.
        patience: Seconds from the beginning of a call, for which faults that may pass are waited
            out; the last attempt is made when they are over. None: `attempts` decides.
        total: Seconds from the beginning of a call after which no attempt is made that `attempts`
            would allow: five attempts at an answer that drips take 20 minutes otherwise.
    """

    attempts: int = field(default=5, validator=validators.ge(1))
    base: float = field(default=0.5, validator=validators.ge(0))
    cap: float = field(default=30.0, validator=validators.ge(0))
    jitter: float = field(default=0.5, validator=[validators.ge(0), validators.le(1)])
    retry_after_cap: float = field(default=120.0, validator=validators.ge(0))
    patience: float | None = None
    total: float = field(default=300.0, validator=validators.ge(0))

    def patient(self, seconds: float) -> RetryPolicy:
        """Make the same policy with so many seconds of patience; with none it waits for nothing."""
        return evolve(self, patience=max(0.0, seconds))

    def pause(
        self,
        error: OrgError,
        attempt: int,
        chance: float,
        *,
        elapsed: float = 0.0,
        spent: bool = False,
    ) -> float | None:
        """Tell for how many seconds to wait before the request is repeated; None: it must not be.

        Args:
            error: What became of the request.
            attempt: The number of the attempt that failed, from 1.
            chance: A random number from 0 to 1.
            elapsed: Seconds since the call began.
            spent: Whether the run has repeated too many requests already: a patient policy then
                waits for longer.
        """
        wait = self._wait(error, attempt, chance, spent=spent)
        if self.patience is not None and is_passing(error):
            left = self.patience - elapsed
            if left <= 0 or not repeatable(error, patient=True):
                return None
            # At least a tenth of a second, so that rounding makes no burst of last attempts.
            return max(0.1, min(wait, left))
        may_be = attempt < self.attempts and elapsed < self.total and repeatable(error)
        return wait if may_be else None

    def _wait(self, error: OrgError, attempt: int, chance: float, *, spent: bool) -> float:
        # The exponent is bounded, as 2.0 ** 1024 is an error.
        full = self.cap if spent else min(self.cap, self.base * 2.0 ** min(attempt - 1, 60))
        wait = full * (1 - self.jitter * chance)
        asked = error.retry_after if isinstance(error, SalesforceError) else None
        return wait if asked is None else max(wait, min(asked, self.retry_after_cap))


def repeatable(error: OrgError, *, patient: bool = False) -> bool:
    """Tell whether repeating what ended in `error` cannot do anything twice, and may help.

    Args:
        error: What became of the request.
        patient: Whether a limit of requests at a time is waited out.
    """
    match error:
        case ProxyRefusedError():
            return False
        case UnreachableError():
            return True
        case LostAnswerError():
            return not error.ambiguous
        case SalesforceError():
            return (
                error.status in _NOT_BEGUN
                or (error.status in _PASSING and not error.call.changes)
                or (patient and _is_crowded(error))
            )
        case _:
            return False


def is_passing(error: BulkflowError) -> bool:
    """Tell whether a fault may pass by itself, so that it says nothing about what was asked.

    It may: trouble of the server (408, 5xx), no or no whole answer, no connection, 420, 429, and
    too many requests at a time. That a request may be repeated is another question, which
    `LostAnswerError.ambiguous` answers.
    """
    match error:
        case ProxyRefusedError():
            return False
        case UnknownHostError():
            return error.known_before
        case UnreachableError() | LostAnswerError():
            return True
        case SalesforceError():
            return error.status in _NOT_BEGUN | _PASSING or _is_crowded(error)
        case _:
            return False


def not_begun(error: BulkflowError) -> bool:
    """Tell whether the org certainly did not begin what was asked.

    So it is where no connection was made, after 401, 404, 420 and 429, and where a limit of
    requests refused it. Any other answer leaves it open, those that refuse too.
    """
    match error:
        case UnreachableError() | TlsError() | UnauthorizedError() | NotFoundError():
            return True
        case SalesforceError():
            return error.status in _NOT_BEGUN or _is_over_requests(error)
        case _:
            return False


def _is_over_requests(error: SalesforceError) -> bool:
    return isinstance(error, LimitExceededError) and error.is_code("REQUEST_LIMIT_EXCEEDED")


def _is_crowded(error: SalesforceError) -> bool:
    """Whether the org has too many requests at a time, which passes when they end."""
    return _is_over_requests(error) and any(
        "concurrentrequests" in fault.message.lower() for fault in error.faults
    )


@frozen
class RetryNotice:
    """Given before each wait: what failed, and what happens next.

    Attributes:
        method: The HTTP method.
        path: The path, without its query.
        reason: Why the request is repeated, in one sentence.
        attempt: The number of the attempt that failed, from 1.
        attempts: The most that there will be; without meaning where there is a `limit`.
        wait: Seconds until the next one.
        elapsed: Seconds since the call began.
        limit: The seconds after which the call gives up; None where `attempts` decides.
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
        """How far it is, in words: `1 of 4`, or `waited out for 45 s, up to 900 s`."""
        if self.limit is None:
            return f"{self.attempt} of {self.attempts - 1}"
        return f"waited out for {self.elapsed:.0f} s, up to {self.limit:.0f} s"
