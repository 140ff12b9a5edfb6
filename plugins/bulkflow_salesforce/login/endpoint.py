"""The token resource of a login host: one question, and its answer or the reason why not."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlencode

from attrs import define, field, frozen

from bulkflow_salesforce.http.bounds import ANSWER_BYTES, REFUSAL_BYTES
from bulkflow_salesforce.http.call import Call
from bulkflow_salesforce.http.echo_filter import shown
from bulkflow_salesforce.http.error_body import is_page
from bulkflow_salesforce.http.error_parser import refusal, unusable
from bulkflow_salesforce.http.errors import OrgError, SalesforceError
from bulkflow_salesforce.http.org_id import organization_told
from bulkflow_salesforce.http.request import BytesBody, Request, Timeouts
from bulkflow_salesforce.http.response import Response
from bulkflow_salesforce.http.retry import RetryPolicy
from bulkflow_salesforce.login.errors import refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bulkflow_salesforce.http.echo_filter import JsonValue
    from bulkflow_salesforce.http.network import Network
    from bulkflow_salesforce.http.origin import Origin
    from bulkflow_salesforce.http.transport import Wire

PATH: Final = "/services/oauth2/token"
REVOKE_PATH: Final = "/services/oauth2/revoke"
AUTHORIZE_PATH: Final = "/services/oauth2/authorize"
_FORM: Final = "application/x-www-form-urlencoded"
_SECRET_PARAMETERS: Final = frozenset(
    {
        "assertion",
        "client_secret",
        "code",
        "code_verifier",
        "password",
        "refresh_token",
        "token",
    }
)


@frozen
class TokenAnswer:
    """A token, and where it is good.

    Attributes:
        access_token: For the header of every request.
        instance_url: The org's own address; it is what the host says, not what was asked for.
        refresh_token: Where the flow gives one.
        identity: The URL that tells who the user is, such as
            `https://login.salesforce.com/id/00D.../005...`; empty when it was not said.
    """

    access_token: str = field(repr=False)
    instance_url: str
    refresh_token: str | None = field(default=None, repr=False)
    identity: str = ""

    @property
    def organization(self) -> str | None:
        """The id of the org, 15 characters; None where the answer does not hold it."""
        return organization_told(self.identity, self.access_token)


@define(eq=False)
class TokenEndpoint:
    """The resources of one host that give and end tokens.

    Attributes:
        origin: The host: `https://login.salesforce.com`, `https://test.salesforce.com` or an org's
            My Domain.
        network: Proxy and certificates.
        policy: When and how patiently a request is repeated.
        timeouts: How long is waited, in seconds.
    """

    origin: Origin
    network: Network = field(repr=False)
    policy: RetryPolicy = field(factory=lambda: RetryPolicy(attempts=3), kw_only=True, repr=False)
    timeouts: Timeouts = field(
        factory=lambda: Timeouts(connect=10, read=30), kw_only=True, repr=False
    )
    _sleep: Callable[[float], None] = field(default=time.sleep, kw_only=True, repr=False)
    _random: Callable[[], float] = field(default=random.random, kw_only=True, repr=False)
    _wire: Wire = field(init=False, repr=False)

    @_wire.default
    def _open_wire(self) -> Wire:
        # Here and not above, so that commands which ask no host do not load urllib3.
        from bulkflow_salesforce.http.transport import Wire

        return Wire(self.origin, self.timeouts, connections=2, network=self.network)

    def token(self, parameters: Mapping[str, str]) -> TokenAnswer:
        """The token for a grant.

        A request whose answer was lost is repeated, but for an authorization code, which is good
        for one use.

        Raises:
            LoginError: The host refused.
            TransportError: The host could not be asked, or what answered is no login host.
        """
        call = self._call(PATH, harmless=parameters.get("grant_type") != "authorization_code")
        answer = self._settle(call, parameters)
        given, told = answer.secret_object(), answer.json_object()
        token, url = _text(given, "access_token"), _text(told, "instance_url")
        if not token or not url:
            raise unusable(call, "an answer without a token and the org's address")
        return TokenAnswer(token, url, _text(given, "refresh_token") or None, _text(told, "id"))

    def ask(self, parameters: Mapping[str, str]) -> Response:
        """The answer to another question, such as for a device's code; raises as `token` does."""
        return self._settle(self._call(PATH, harmless=True), parameters)

    def revoke(self, token: str) -> None:
        """End a token; a refresh token takes its access tokens with it. Raises as `token` does."""
        self._settle(self._call(REVOKE_PATH, harmless=True), {"token": token})

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _call(self, path: str, *, harmless: bool) -> Call:
        return Call("POST", path, self.origin.host, harmless)

    def _settle(self, call: Call, parameters: Mapping[str, str]) -> Response:
        request = Request(
            call=call,
            target=call.path,
            accept="application/json",
            read_timeout=self.timeouts.read,
            body=BytesBody(urlencode(parameters).encode()),
            content_type=_FORM,
        )
        attempt = 1
        while True:
            try:
                return self._once(request, parameters)
            except OrgError as error:
                wait = self.policy.pause(error, attempt, self._random())
                if wait is None:
                    raise
                self._sleep(wait)
                attempt += 1

    def _once(self, request: Request, parameters: Mapping[str, str]) -> Response:
        call = request.call
        headers = {
            "Accept": request.accept,
            "Accept-Encoding": "gzip",
            "Content-Type": request.content_type,
            "Content-Length": str(request.body.length if request.body else 0),
        }
        secrets = [value for name, value in parameters.items() if name in _SECRET_PARAMETERS]
        with self._wire.exchange(request, headers, secrets) as answer:
            if 200 <= answer.status < 300:
                content = answer.read(ANSWER_BYTES)
                if is_page(answer.headers, content):
                    page = shown(content, answer.secrets)
                    raise unusable(call, "a page in place of an answer", page)
                return Response(
                    call, answer.status, answer.headers, content, secrets=answer.secrets
                )
            said = shown(answer.start(REFUSAL_BYTES), answer.secrets)
            error = refusal(call, answer.status, answer.headers, said, now=time.time())
            if isinstance(error, SalesforceError) and error.status < 429 and error.faults:
                fault = error.faults[0]
                raise refused(call, fault.code, fault.message, notes=_notes(parameters)) from error
            raise error


def _notes(parameters: Mapping[str, str]) -> list[str]:
    """What was asked with, as far as it is no secret: it is what has to be compared."""
    words = {"client_id": "client id", "username": "username", "redirect_uri": "callback URL"}
    return [f"{word}: {parameters[name]}" for name, word in words.items() if name in parameters]


def _text(content: Mapping[str, JsonValue], name: str) -> str:
    value = content.get(name)
    return value if isinstance(value, str) else ""
