"""Requests on their way to an answer: repeated where that is safe, with a token that is good."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, TypeVar

from attrs import define, evolve, field

from bulkflow_salesforce.http.bounds import REFUSAL_BYTES
from bulkflow_salesforce.http.echo_filter import shown
from bulkflow_salesforce.http.error_parser import refusal
from bulkflow_salesforce.http.errors import OrgError, UnauthorizedError
from bulkflow_salesforce.http.headers import LimitInfo
from bulkflow_salesforce.http.redaction import redact
from bulkflow_salesforce.http.retry import RetryNotice, is_passing

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkflow_salesforce.http.request import Request
    from bulkflow_salesforce.http.response_stream import Answer
    from bulkflow_salesforce.http.retry import RetryPolicy
    from bulkflow_salesforce.http.throttle import RetryBudget, Thrift
    from bulkflow_salesforce.http.tokens import SharedToken
    from bulkflow_salesforce.http.transport import Wire

_T = TypeVar("_T")

_SPENT = "not repeated again: too many requests of this run have failed already"


@define(eq=False, repr=False)
class _Usage:
    """What all calls of a session, patient ones too, know of the org's requests of the day."""

    limit_info: LimitInfo | None = None
    slow: bool = False


@define(eq=False, repr=False)
class Calls:
    """The calls of a session, each until it is settled; the attributes are those of `Session`."""

    _wire: Wire
    _token: SharedToken
    _policy: RetryPolicy
    _budget: RetryBudget
    _thrift: Thrift
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
        """The org's API requests as the latest answer told them; None before the first."""
        return self._usage.limit_info

    def patient(self, seconds: float, until: float) -> Calls:
        """Make the same calls, sharing all but the patience, as `Session.patient` says."""
        return evolve(self, policy=self._policy.patient(seconds), until=until)

    def settle(
        self,
        request: Request,
        receive: Callable[[Answer], _T],
        *,
        may_repeat: Callable[[], bool] = lambda: True,
    ) -> _T:
        """Send a request until it is answered, or must not be sent again; raises as `Session` does.

        Args:
            request: What to send.
            receive: Reads an answer of success to its end; what it gives is given back.
            may_repeat: Whether a request whose answer was begun and not ended may be sent again.
        """
        began = self._clock()
        policy = self._policy
        if policy.patience is not None:
            policy = policy.patient(min(policy.patience, self._until - began))
        attempt, stale = 1, ""
        refused: UnauthorizedError | None = None
        while True:
            self._slow_down()
            try:
                token = self._token.current() if refused is None else self._renewed(stale, refused)
                result = self._once(request, token, receive)
            except UnauthorizedError as error:
                if refused is not None or not error.renewable:
                    raise
                refused, stale = error, token
            except OrgError as error:
                # The login host has its own few attempts; only patience adds to them.
                if error.call is not request.call and policy.patience is None:
                    raise
                self._pause(policy, error, attempt, began, may_repeat)
                attempt += 1
            else:
                self._budget.earn()
                return result

    def _renewed(self, stale: str, refused: UnauthorizedError) -> str:
        """Get a token other than `stale`; raise why it was refused, where there is none."""
        if not self._token.renew(stale):
            raise refused
        return self._token.current()

    def _pause(
        self,
        policy: RetryPolicy,
        error: OrgError,
        attempt: int,
        began: float,
        may_repeat: Callable[[], bool],
    ) -> None:
        """Wait before a request is repeated; raise what became of it, if it must not be."""
        elapsed, chance = self._clock() - began, self._random()
        wait = policy.pause(error, attempt, chance, elapsed=elapsed)
        if wait is None or not may_repeat():
            raise error
        waited_out = policy.patience is not None and is_passing(error)
        if not self._budget.spend():
            if not waited_out:
                error.notes = (*error.notes, _SPENT)
                raise error
            wait = policy.pause(error, attempt, chance, elapsed=elapsed, spent=True) or wait
        self._on_retry(
            RetryNotice(
                method=error.method,
                path=error.path,
                reason=error.message,
                attempt=attempt,
                attempts=policy.attempts,
                wait=wait,
                elapsed=elapsed,
                limit=policy.patience if waited_out else None,
            )
        )
        self._sleep(wait)

    def _slow_down(self) -> None:
        """Wait, if the org's requests of the day are nearly gone."""
        info = self.limit_info
        wait = self._thrift.pause(info)
        if wait and info is not None:
            if not self._usage.slow:
                self._usage.slow = True
                self._on_slow(info)
            self._sleep(wait)

    def _once(self, request: Request, token: str, receive: Callable[[Answer], _T]) -> _T:
        headers, secrets = self._headers(request, token), self._token.known
        with self._wire.exchange(request, headers, secrets) as answer:
            self._usage.limit_info = LimitInfo.read(answer.headers) or self.limit_info
            if 200 <= answer.status < 300:
                return receive(answer)
            said = shown(answer.start(REFUSAL_BYTES), answer.secrets)
            raise refusal(request.call, answer.status, answer.headers, said, now=self._now())

    def hide(self, text: str) -> str:
        """Redact a text that the org gave, the tokens of this session included."""
        return redact(text, *self._token.known)

    def _headers(self, request: Request, token: str) -> dict[str, str]:
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
