"""The OAuth endpoints of a login host: issues and revokes tokens."""

from __future__ import annotations

import logging
import random
import time
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlencode

from attrs import define, field, frozen

from bulkflow_salesforce.http.bounds import ERROR_BYTES, RESPONSE_BYTES
from bulkflow_salesforce.http.call import Call
from bulkflow_salesforce.http.echo_filter import redact_excerpt
from bulkflow_salesforce.http.error_parser import make_unusable_error, parse_error_response
from bulkflow_salesforce.http.errors import OrgError, SalesforceError
from bulkflow_salesforce.http.org_id import extract_organization
from bulkflow_salesforce.http.request import BytesBody, Request, Timeouts
from bulkflow_salesforce.http.response import Response
from bulkflow_salesforce.http.retry import RetryPolicy
from bulkflow_salesforce.login.errors import make_login_error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bulkflow_salesforce.http.echo_filter import JsonValue
    from bulkflow_salesforce.http.network import Network
    from bulkflow_salesforce.http.origin import Origin
    from bulkflow_salesforce.http.transport import Transport

logger = logging.getLogger(__name__)

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
class TokenResponse:
    """A token and the org that it is for.

    Attributes:
        access_token: The token for the header of every request.
        instance_url: The org's address, as the login host returns it.
        refresh_token: The refresh token, if the flow issues one.
        identity: The URL of the user, such as `https://login.salesforce.com/id/00D.../005...`;
            empty if it is missing.
    """

    access_token: str = field(repr=False)
    instance_url: str
    refresh_token: str | None = field(default=None, repr=False)
    identity: str = ""

    @property
    def organization(self) -> str | None:
        """The org's id, 15 characters; None if the response does not contain it."""
        return extract_organization(self.identity, self.access_token)


@define(eq=False)
class TokenEndpoint:
    """The resources of a login host that issue and revoke tokens.

    Attributes:
        origin: The host: `https://login.salesforce.com`, `https://test.salesforce.com` or an org's
            My Domain.
        network: Proxy and certificates.
        policy: When and how patiently a request is retried.
        timeouts: The timeouts in seconds.
    """

    origin: Origin
    network: Network = field(repr=False)
    policy: RetryPolicy = field(factory=lambda: RetryPolicy(attempts=3), kw_only=True, repr=False)
    timeouts: Timeouts = field(
        factory=lambda: Timeouts(connect=10, read=30), kw_only=True, repr=False
    )
    _sleep: Callable[[float], None] = field(default=time.sleep, kw_only=True, repr=False)
    _random: Callable[[], float] = field(default=random.random, kw_only=True, repr=False)
    _transport: Transport = field(init=False, repr=False)

    @_transport.default
    def _open_transport(self) -> Transport:
        # Imported here: commands that reach no host do not need urllib3.
        from bulkflow_salesforce.http.transport import Transport

        return Transport(self.origin, self.timeouts, connections=2, network=self.network)

    def request_token(self, parameters: Mapping[str, str]) -> TokenResponse:
        """Request a token for a grant.

        If the response is lost, the request is sent again, except for an authorization code, which
        can be used once.

        Raises:
            LoginError: The host refused.
            TransportError: The host cannot be reached, or is not a login host.
        """
        call = self._make_call(PATH, harmless=parameters.get("grant_type") != "authorization_code")
        response = self._send(call, parameters)
        content, redacted = response.parse_unredacted_object(), response.parse_object()
        token, url = _get_text(content, "access_token"), _get_text(redacted, "instance_url")
        if not token or not url:
            raise make_unusable_error(call, "a response without a token and the org's address")
        refresh_token = _get_text(content, "refresh_token") or None
        return TokenResponse(token, url, refresh_token, _get_text(redacted, "id"))

    def post(self, parameters: Mapping[str, str]) -> Response:
        """Send another request, such as for a device code; raises like `request_token`."""
        return self._send(self._make_call(PATH, harmless=True), parameters)

    def revoke(self, token: str) -> None:
        """Revoke a token, and the access tokens of a refresh token; raises like `request_token`."""
        self._send(self._make_call(REVOKE_PATH, harmless=True), {"token": token})

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _make_call(self, path: str, *, harmless: bool) -> Call:
        return Call("POST", path, self.origin.host, harmless)

    def _send(self, call: Call, parameters: Mapping[str, str]) -> Response:
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
                return self._send_once(request, parameters)
            except OrgError as error:
                wait = self.policy.compute_wait(error, attempt, self._random())
                if wait is None:
                    raise
                logger.info(
                    "%s retried in %.1f s (%d of %d): %s",
                    call,
                    wait,
                    attempt,
                    self.policy.attempts - 1,
                    error.message,
                )
                self._sleep(wait)
                attempt += 1

    def _send_once(self, request: Request, parameters: Mapping[str, str]) -> Response:
        call = request.call
        headers = {
            "Accept": request.accept,
            "Accept-Encoding": "gzip",
            "Content-Type": request.content_type,
            "Content-Length": str(request.body.length if request.body else 0),
        }
        secrets = [value for name, value in parameters.items() if name in _SECRET_PARAMETERS]
        with self._transport.exchange(request, headers, secrets) as response:
            if 200 <= response.status < 300:
                return Response.of(response, RESPONSE_BYTES)
            body = redact_excerpt(response.read_start(ERROR_BYTES), response.secrets)
            error = parse_error_response(
                call, response.status, response.headers, body, now=time.time()
            )
            if isinstance(error, SalesforceError) and error.status < 429 and error.faults:
                fault = error.faults[0]
                notes = _list_public_parameters(parameters)
                raise make_login_error(call, fault.code, fault.message, notes=notes) from error
            raise error


def _list_public_parameters(parameters: Mapping[str, str]) -> list[str]:
    """List the parameters that are not secret, for the user to compare."""
    words = {"client_id": "client id", "username": "username", "redirect_uri": "callback URL"}
    return [f"{word}: {parameters[name]}" for name, word in words.items() if name in parameters]


def _get_text(content: Mapping[str, JsonValue], name: str) -> str:
    value = content.get(name)
    return value if isinstance(value, str) else ""
