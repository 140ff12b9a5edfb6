"""Gets the token of a profile by its flow."""

from __future__ import annotations

import logging
import time
from threading import Lock
from typing import TYPE_CHECKING, assert_never

from attrs import define, field

from bulkflow.errors import UsageError
from bulkflow_salesforce.http.origin import Origin
from bulkflow_salesforce.login.assertion import GRANT, list_audiences, sign_assertion
from bulkflow_salesforce.login.auth_url import AuthUrl
from bulkflow_salesforce.login.endpoint import TokenEndpoint, TokenResponse
from bulkflow_salesforce.login.errors import LoginError
from bulkflow_salesforce.login.salesforce_cli import SalesforceCli
from bulkflow_salesforce.profiles.flow import Flow, Secret
from bulkflow_salesforce.profiles.secret_stores import InKeyring

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkflow_salesforce.http.network import Network
    from bulkflow_salesforce.profiles.profile import Profile
    from bulkflow_salesforce.profiles.secret_stores import SecretReader

logger = logging.getLogger(__name__)


@define(eq=False)
class Login:
    """Logs in to the org of a profile when its token is needed, and again when it has expired.

    The token is kept in memory only. Every method raises `LoginError` if the host refuses,
    `TransportError` if it cannot be reached, and `UsageError` if a secret is missing.

    Attributes:
        profile: The org and its flow.
        secrets: Reads the secrets.
        network: Proxy and certificates.
        sleep: Waits for some seconds before a request is retried.
        now: Returns the seconds since the epoch, for assertions.
    """

    profile: Profile
    _secrets: SecretReader = field(repr=False)
    network: Network = field(repr=False)
    _sleep: Callable[[float], None] = field(default=time.sleep, kw_only=True, repr=False)
    _now: Callable[[], float] = field(default=time.time, kw_only=True, repr=False)
    _response: TokenResponse | None = field(default=None, init=False, repr=False)
    _audience: str | None = field(default=None, init=False, repr=False)
    _lock: Lock = field(factory=Lock, init=False, repr=False)

    def log_in(self) -> TokenResponse:
        """Log in on first use; return the token and the org's address."""
        with self._lock:
            if self._response is None:
                self._response = self._request_token()
            return self._response

    def token(self) -> str:
        """Return the access token."""
        return self.log_in().access_token

    def renew(self, stale: str) -> str | None:
        """Get a token other than `stale`; None if the flow cannot issue one."""
        with self._lock:
            if self._response is not None and self._response.access_token != stale:
                return self._response.access_token
            if self.profile.flow is Flow.TOKEN:
                return None
            before, self._response = self._response, self._request_token()
            if before is not None and _have_same_host(before, self._response):
                if _have_same_org(before, self._response):
                    return self._response.access_token
                raise UsageError(
                    f"org {self.profile.name} is another org now, at the same address:"
                    f" {self._response.organization} instead of {before.organization}",
                    help="nothing more was sent; if the sandbox was refreshed, the loaded data are"
                    " gone with the old one",
                )
            raise UsageError(
                f"org {self.profile.name} has moved to {self._response.instance_url}",
                help="nothing more was sent; update the profile:"
                f" `bulkflow org login {self.profile.name}`",
            )

    def _request_token(self) -> TokenResponse:
        profile = self.profile
        logger.info("logging in to org %s with flow %s", profile.name, profile.flow)
        match profile.flow:
            case Flow.TOKEN:
                token = self._read_secret(Secret.ACCESS_TOKEN)
                return TokenResponse(token, profile.instance_url or "")
            case Flow.CLI:
                cli = SalesforceCli(self._secrets.environ)
                return cli.fetch_token(profile.target_org or "")
            case Flow.JWT:
                return self._use_assertion()
            case Flow.AUTH_URL:
                return self._use_auth_url()
            case Flow.CLIENT_CREDENTIALS:
                return self._send(
                    profile.login_origin, self._make_app_parameters("client_credentials")
                )
            case Flow.PASSWORD:
                password = self._read_secret(Secret.PASSWORD)
                password += self._read_optional(Secret.SECURITY_TOKEN)
                parameters = {"username": profile.username or "", "password": password}
                return self._send(
                    profile.login_origin, self._make_app_parameters("password") | parameters
                )
            case Flow.REFRESH_TOKEN | Flow.WEB | Flow.DEVICE:
                token = self._read_secret(Secret.REFRESH_TOKEN)
                response = self._send(
                    profile.login_origin,
                    self._make_app_parameters("refresh_token") | {"refresh_token": token},
                )
                self._store(Secret.REFRESH_TOKEN, token, response.refresh_token, lambda new: new)
                return response
            case _:
                assert_never(profile.flow)

    def _use_assertion(self) -> TokenResponse:
        """Try the audiences in turn while the host rejects the assertion itself."""
        profile, key = self.profile, self._read_secret(Secret.PRIVATE_KEY)
        wanted = list_audiences(profile.login_origin, profile.audiences)
        refusal: LoginError | None = None
        for audience in wanted if self._audience is None else (self._audience,):
            signed = sign_assertion(
                client_id=profile.client_id or "",
                username=profile.username or "",
                audience=audience,
                key=key,
                now=self._now(),
            )
            try:
                response = self._send(
                    profile.login_origin, {"grant_type": GRANT, "assertion": signed}
                )
            except LoginError as error:
                said = error.description.lower()
                if error.error != "invalid_grant" or not (
                    "audience" in said or "assertion" in said
                ):
                    raise
                logger.info("audience %s refused", audience)
                refusal = refusal or error
            else:
                self._audience = audience
                return response
        assert refusal is not None
        raise LoginError(
            refusal.message,
            call=refusal.call,
            error=refusal.error,
            description=refusal.description,
            help=refusal.help,
            notes=(
                *refusal.notes,
                f"client id: {profile.client_id}",
                f"username: {profile.username}",
                f"audiences: {', '.join(wanted)}",
            ),
        ) from refusal

    def _use_auth_url(self) -> TokenResponse:
        url = AuthUrl.parse(self._read_secret(Secret.AUTH_URL))
        parameters = {
            "grant_type": "refresh_token",
            "client_id": url.client_id,
            "refresh_token": url.refresh_token,
        }
        if url.client_secret:
            parameters["client_secret"] = url.client_secret
        response = self._send(url.origin, parameters)
        self._store(
            Secret.AUTH_URL, url.refresh_token, response.refresh_token, url.with_refresh_token
        )
        return response

    def _make_app_parameters(self, grant: str) -> dict[str, str]:
        """Make the parameters for the grant and the app."""
        parameters = {"grant_type": grant, "client_id": self.profile.client_id or ""}
        secret = self._read_optional(Secret.CLIENT_SECRET)
        return parameters | ({"client_secret": secret} if secret else {})

    def _send(self, origin: Origin, parameters: dict[str, str]) -> TokenResponse:
        with TokenEndpoint(origin, self.network, sleep=self._sleep) as endpoint:
            return endpoint.request_token(parameters)

    def _read_secret(self, secret: Secret) -> str:
        location = self.profile.find_secret(secret)
        if location is None:
            raise UsageError(
                f"the profile of org {self.profile.name} has no location for its {secret}",
                help=f"log in again: `bulkflow org login {self.profile.name}`",
            )
        return self._secrets.read(location, self.profile.format_secret_name(secret))

    def _read_optional(self, secret: Secret) -> str:
        return self._read_secret(secret) if self.profile.find_secret(secret) is not None else ""

    def _store(self, secret: Secret, old: str, new: str | None, form: Callable[[str], str]) -> None:
        """Store a refresh token that replaces another.

        A token from a variable or a file cannot be replaced there. If the org has revoked the old
        one, the next login reports it.
        """
        if new and new != old and isinstance(self.profile.find_secret(secret), InKeyring):
            logger.info("storing the new %s of org %s", secret, self.profile.name)
            self._secrets.keyring.write(self.profile.format_secret_name(secret), form(new))


def _have_same_org(one: TokenResponse, other: TokenResponse) -> bool:
    """Check whether two responses belong to one org, as far as both contain its id."""
    ids = {one.organization, other.organization} - {None}
    return len(ids) < 2


def _have_same_host(one: TokenResponse, other: TokenResponse) -> bool:

    return Origin(one.instance_url) == Origin(other.instance_url)
