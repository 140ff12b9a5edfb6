"""Requests on their way to an answer: repeated where that is safe, with a token that is good."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from attrs import define, field

from bulkflow_salesforce.errors import OrgError, UnauthorizedError
from bulkflow_salesforce.faults import REFUSAL_LIMIT, refusal
from bulkflow_salesforce.headers import LimitInfo
from bulkflow_salesforce.redaction import redact
from bulkflow_salesforce.retry import RetryNotice

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkflow_salesforce.answer import Answer
    from bulkflow_salesforce.request import Request
    from bulkflow_salesforce.retry import RetryPolicy
    from bulkflow_salesforce.thrift import RetryBudget, Thrift
    from bulkflow_salesforce.tokens import SharedToken
    from bulkflow_salesforce.wire import Wire

_T = TypeVar("_T")

_SPENT = "not repeated again: too many requests of this run have failed already"


@define(eq=False, repr=False)
class Calls:
    """The calls of a session, each until it is settled; the attributes are those of `Session`.

    Attributes:
        limit_info: The org's API requests as the latest answer told them; None before the first.
    """

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
    limit_info: LimitInfo | None = field(default=None, init=False)
    _slow: bool = field(default=False, init=False)

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
        attempt, renewed = 1, False
        while True:
            self._slow_down()
            token = self._token.current()
            try:
                result = self._once(request, token, receive)
            except UnauthorizedError as error:
                if renewed or not error.renewable or not self._token.renew(token):
                    raise
                renewed = True
            except OrgError as error:
                wait = self._policy.pause(error, attempt, self._random())
                if wait is None or not may_repeat():
                    raise
                if not self._budget.spend():
                    error.notes = (*error.notes, _SPENT)
                    raise
                self._on_retry(
                    RetryNotice(
                        method=error.method,
                        path=error.path,
                        reason=error.message,
                        attempt=attempt,
                        attempts=self._policy.attempts,
                        wait=wait,
                    )
                )
                self._sleep(wait)
                attempt += 1
            else:
                self._budget.earn()
                return result

    def _slow_down(self) -> None:
        """Wait, if the org's requests of the day are nearly gone."""
        info = self.limit_info
        wait = self._thrift.pause(info)
        if wait and info is not None:
            if not self._slow:
                self._slow = True
                self._on_slow(info)
            self._sleep(wait)

    def _once(self, request: Request, token: str, receive: Callable[[Answer], _T]) -> _T:
        with self._wire.exchange(request, self._headers(request, token)) as answer:
            self.limit_info = LimitInfo.read(answer.headers) or self.limit_info
            if 200 <= answer.status < 300:
                return receive(answer)
            said = answer.start(REFUSAL_LIMIT).decode("utf-8", "replace")
            raise refusal(
                request.call,
                answer.status,
                answer.headers,
                redact(said, token).encode(),
                now=self._now(),
            )

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
