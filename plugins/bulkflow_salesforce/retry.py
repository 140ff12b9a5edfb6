"""When a request is repeated, and after how long: the only place that decides it.

urllib3's own retries are switched off. The rule is that nothing is repeated which the org may have
done already:

- nothing was sent (unknown name, refused, connecting or the handshake failed): any method;
- 420 (the edge could not route the request) and 429: any method, as the server says that it did
  not begin;
- a cut or late answer, 500, 502, 503, 504: GET and HEAD only. A 503 is no promise: it comes from
  gateways as well, whose back end may have done the work. A caller that asks the org first spends
  one request on being sure.
- 403 REQUEST_LIMIT_EXCEEDED: never, as each further request makes it worse.

A 401 is not treated here: the session renews the token and repeats once, as the org did nothing.
"""

from __future__ import annotations

from attrs import field, frozen, validators

from bulkflow_salesforce.errors import (
    LostAnswerError,
    OrgError,
    SalesforceError,
    UnreachableError,
)

_NOT_BEGUN = frozenset({420, 429})
_PASSING = frozenset({500, 502, 503, 504})


@frozen
class RetryPolicy:
    """How often and how patiently a request is repeated.

    Attributes:
        attempts: Requests in all, the first one included.
        base: Seconds before the second attempt; doubled for each further one.
        cap: The most seconds that the doubling comes to.
        jitter: The share of a wait that is left to chance, so that threads spread out: a wait is
            between `1 - jitter` and 1 times its full length.
        retry_after_cap: The most seconds that `Retry-After` is obeyed for.
    """

    attempts: int = field(default=5, validator=validators.ge(1))
    base: float = field(default=0.5, validator=validators.ge(0))
    cap: float = field(default=30.0, validator=validators.ge(0))
    jitter: float = field(default=0.5, validator=[validators.ge(0), validators.le(1)])
    retry_after_cap: float = field(default=120.0, validator=validators.ge(0))

    def pause(self, error: OrgError, attempt: int, chance: float) -> float | None:
        """The seconds to wait before the request is repeated; None if it must not be.

        Args:
            error: What became of the request.
            attempt: The number of the attempt that failed, from 1.
            chance: A random number from 0 to 1.
        """
        if attempt >= self.attempts or not repeatable(error):
            return None
        # The exponent is bounded, as 2.0 ** 1024 is an error.
        full = min(self.cap, self.base * 2.0 ** min(attempt - 1, 60))
        wait = full * (1 - self.jitter * chance)
        asked = error.retry_after if isinstance(error, SalesforceError) else None
        return wait if asked is None else max(wait, min(asked, self.retry_after_cap))


def repeatable(error: OrgError) -> bool:
    """Whether repeating the request that ended in `error` cannot do anything twice."""
    match error:
        case UnreachableError():
            return True
        case LostAnswerError():
            return not error.ambiguous
        case SalesforceError():
            return error.status in _NOT_BEGUN or (
                error.status in _PASSING and not error.call.changes
            )
        case _:
            return False


@frozen
class RetryNotice:
    """Told before each wait: what failed, and what happens next.

    Attributes:
        method: The HTTP method.
        path: The path, without its query.
        reason: Why the request is repeated, in one sentence.
        attempt: The number of the attempt that failed, from 1.
        attempts: The most that there will be.
        wait: Seconds until the next one.
    """

    method: str
    path: str
    reason: str
    attempt: int
    attempts: int
    wait: float
