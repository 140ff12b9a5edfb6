"""Sends requests until they succeed or fail for good: retries, waits, and renews the token."""

from __future__ import annotations

import logging
from math import inf
from typing import TYPE_CHECKING, TypeVar

from attrs import define, evolve, field

from bulkflow_salesforce.http.bounds import ERROR_BYTES
from bulkflow_salesforce.http.echo_filter import redact_excerpt
from bulkflow_salesforce.http.error_parser import parse_error_response
from bulkflow_salesforce.http.errors import OrgError, UnauthorizedError
from bulkflow_salesforce.http.headers import LimitInfo
from bulkflow_salesforce.http.redaction import redact
from bulkflow_salesforce.http.retry import RetryNotice, is_transient

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkflow_salesforce.http.request import Request
    from bulkflow_salesforce.http.response_stream import ResponseStream
    from bulkflow_salesforce.http.retry import RetryPolicy
    from bulkflow_salesforce.http.throttle import RetryBudget, Throttle
    from bulkflow_salesforce.http.tokens import SharedToken
    from bulkflow_salesforce.http.transport import Transport

logger = logging.getLogger(__name__)

_T = TypeVar("_T")

_BUDGET_SPENT = "not retried again: too many requests of this run have failed already"


@define(eq=False, repr=False)
class _Usage:
    """The org's API usage, shared by a session and its patient views."""

    limit_info: LimitInfo | None = None
    slow: bool = False


@define(eq=False, repr=False)
class Dispatcher:
    """Sends the requests of a session; the attributes are those of `Session`."""

    _transport: Transport
    _token: SharedToken
    _policy: RetryPolicy
    _budget: RetryBudget
    _throttle: Throttle
    _client_name: str = field(kw_only=True)
    _on_slow: Callable[[LimitInfo], None] = field(kw_only=True)
    _on_retry: Callable[[RetryNotice], None] = field(kw_only=True)
    _sleep: Callable[[float], None] = field(kw_only=True)
    _random: Callable[[], float] = field(kw_only=True)
    _now: Callable[[], float] = field(kw_only=True)
    _clock: Callable[[], float] = field(kw_only=True)
    _until: float = field(default=inf, kw_only=True)
    _usage: _Usage = field(factory=_Usage, kw_only=True)

    @property
    def limit_info(self) -> LimitInfo | None:
        """The org's API requests according to the latest response; None before the first."""
        return self._usage.limit_info

    def with_patience(self, seconds: float, until: float) -> Dispatcher:
        """Make a dispatcher that differs only in patience (see `Session.with_patience`)."""
        return evolve(self, policy=self._policy.with_patience(seconds), until=until)

    def dispatch(
        self,
        request: Request,
        receive: Callable[[ResponseStream], _T],
        *,
        may_repeat: Callable[[], bool] = lambda: True,
    ) -> _T:
        """Send a request until it succeeds or must not be sent again; raises like `Session`.

        Args:
            request: The request.
            receive: Reads a successful response; its result is returned.
            may_repeat: Whether a request may be sent again after its response was partly read.
        """
        began = self._clock()
        policy = self._policy
        if policy.patience is not None:
            policy = policy.with_patience(min(policy.patience, self._until - began))
        attempt, stale = 1, ""
        refused: UnauthorizedError | None = None
        while True:
            self._slow_down()
            try:
                token = self._token.get() if refused is None else self._renew(stale, refused)
                result = self._send(request, token, receive)
            except UnauthorizedError as error:
                if refused is not None or not error.renewable:
                    raise
                refused, stale = error, token
            except OrgError as error:
                # Requests to the login host have a few attempts of their own; only patience adds
                # to them.
                if error.call is not request.call and policy.patience is None:
                    raise
                self._wait_for_retry(policy, error, attempt, began, may_repeat)
                attempt += 1
            else:
                self._budget.earn()
                return result

    def _renew(self, stale: str, refused: UnauthorizedError) -> str:
        """Get a token other than `stale`; raise the refusal if there is none."""
        if not self._token.renew(stale):
            raise refused
        return self._token.get()

    def _wait_for_retry(
        self,
        policy: RetryPolicy,
        error: OrgError,
        attempt: int,
        began: float,
        may_repeat: Callable[[], bool],
    ) -> None:
        """Wait before a request is sent again; raise its error if it must not be."""
        elapsed, chance = self._clock() - began, self._random()
        wait = policy.compute_wait(error, attempt, chance, elapsed=elapsed)
        if wait is None or not may_repeat():
            raise error
        waited_out = policy.patience is not None and is_transient(error)
        if not self._budget.spend():
            if not waited_out:
                logger.info("%s not retried: the retry budget is spent", error.call)
                error.notes = (*error.notes, _BUDGET_SPENT)
                raise error
            wait = policy.compute_wait(error, attempt, chance, elapsed=elapsed, spent=True) or wait
        notice = RetryNotice(
            method=error.method,
            path=error.path,
            reason=error.message,
            attempt=attempt,
            attempts=policy.attempts,
            wait=wait,
            elapsed=elapsed,
            limit=policy.patience if waited_out else None,
        )
        logger.info(
            "%s retried in %.1f s (%s): %s",
            error.call,
            wait,
            notice.bound,
            self.redact(notice.reason),
        )
        self._on_retry(notice)
        self._sleep(wait)

    def _slow_down(self) -> None:
        """Wait if the org's daily API requests are almost used up."""
        info = self.limit_info
        wait = self._throttle.compute_wait(info)
        if wait and info is not None:
            logger.info(
                "throttled for %.1f s: %d of %d daily API requests left",
                wait,
                info.left,
                info.total,
            )
            if not self._usage.slow:
                self._usage.slow = True
                self._on_slow(info)
            self._sleep(wait)

    def _send(self, request: Request, token: str, receive: Callable[[ResponseStream], _T]) -> _T:
        headers, secrets = self._make_headers(request, token), self._token.known
        with self._transport.exchange(request, headers, secrets) as response:
            self._usage.limit_info = LimitInfo.parse(response.headers) or self.limit_info
            if 200 <= response.status < 300:
                return receive(response)
            body = redact_excerpt(response.read_start(ERROR_BYTES), response.secrets)
            raise parse_error_response(
                request.call, response.status, response.headers, body, now=self._now()
            )

    def redact(self, text: str) -> str:
        """Redact a text from the org, including the tokens of this session."""
        return redact(text, *self._token.known)

    def _make_headers(self, request: Request, token: str) -> dict[str, str]:
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": request.accept,
            "Accept-Encoding": "gzip",
            "User-Agent": self._client_name,
            "Sforce-Call-Options": f"client={self._client_name}",
        }
        if request.body is not None:
            headers["Content-Type"] = request.content_type
            if request.content_encoding:
                headers["Content-Encoding"] = request.content_encoding
            headers["Content-Length"] = str(request.body.length)
        return headers
