"""From a profile to a token: what each flow sends."""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING, assert_never

from attrs import define, field

from bulkflow.errors import UsageError
from bulkflow_salesforce.http.origin import Origin
from bulkflow_salesforce.login.assertion import GRANT, assertion, audiences
from bulkflow_salesforce.login.auth_url import AuthUrl
from bulkflow_salesforce.login.endpoint import TokenAnswer, TokenEndpoint
from bulkflow_salesforce.login.errors import LoginError
from bulkflow_salesforce.login.salesforce_cli import SalesforceCli
from bulkflow_salesforce.profiles.flow import Flow, Secret
from bulkflow_salesforce.profiles.secret_stores import InKeyring

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkflow_salesforce.http.network import Network
    from bulkflow_salesforce.profiles.profile import Profile
    from bulkflow_salesforce.profiles.secret_stores import Secrets


@define(eq=False)
class Login:
    """The token of a profile, got when it is needed and again when it has ended.

    It is kept in memory only. Every method raises `LoginError` for what the host refuses,
    `TransportError` where it cannot be asked, and `UsageError` for a secret that is not there.

    Attributes:
        profile: Whom to log in, and how.
        secrets: Reads the secrets.
        network: Proxy and certificates.
        sleep: Waits for so many seconds before a host is asked again.
        now: The time in seconds since the epoch, for assertions.
    """

    profile: Profile
    _secrets: Secrets = field(repr=False)
    network: Network = field(repr=False)
    _sleep: Callable[[float], None] = field(default=time.sleep, kw_only=True, repr=False)
    _now: Callable[[], float] = field(default=time.time, kw_only=True, repr=False)
    _answer: TokenAnswer | None = field(default=None, init=False, repr=False)
    _audience: str | None = field(default=None, init=False, repr=False)
    _lock: Lock = field(factory=Lock, init=False, repr=False)

    def answer(self) -> TokenAnswer:
        """The token and where it is good; the host is asked on first use."""
        with self._lock:
            if self._answer is None:
                self._answer = self._obtain()
            return self._answer

    def token(self) -> str:
        """The access token."""
        return self.answer().access_token

    def renew(self, stale: str) -> str | None:
        """A token other than `stale`, or None where the flow has no way to one."""
        with self._lock:
            if self._answer is not None and self._answer.access_token != stale:
                return self._answer.access_token
            if self.profile.flow is Flow.TOKEN:
                return None
            before, self._answer = self._answer, self._obtain()
            if before is not None and _same_host(before, self._answer):
                if _same_org(before, self._answer):
                    return self._answer.access_token
                raise UsageError(
                    f"org {self.profile.name} is another org now, at the same address:"
                    f" {self._answer.organization} in place of {before.organization}",
                    help="nothing more was sent; if it is a sandbox that was refreshed, what was"
                    " loaded is gone with the old one",
                )
            raise UsageError(
                f"org {self.profile.name} has moved to {self._answer.instance_url}",
                help="nothing more was sent; make the profile known again:"
                f" `bulkflow org login {self.profile.name}`",
            )

    def _obtain(self) -> TokenAnswer:
        profile = self.profile
        match profile.flow:
            case Flow.TOKEN:
                return TokenAnswer(self._secret(Secret.ACCESS_TOKEN), profile.instance_url or "")
            case Flow.CLI:
                cli = SalesforceCli(self._secrets.environ)
                return cli.token(profile.target_org or "")
            case Flow.JWT:
                return self._with_assertion()
            case Flow.AUTH_URL:
                return self._with_auth_url()
            case Flow.CLIENT_CREDENTIALS:
                return self._ask(profile.login, self._app("client_credentials"))
            case Flow.PASSWORD:
                password = self._secret(Secret.PASSWORD) + self._optional(Secret.SECURITY_TOKEN)
                parameters = {"username": profile.username or "", "password": password}
                return self._ask(profile.login, self._app("password") | parameters)
            case Flow.REFRESH_TOKEN | Flow.WEB | Flow.DEVICE:
                token = self._secret(Secret.REFRESH_TOKEN)
                answer = self._ask(
                    profile.login, self._app("refresh_token") | {"refresh_token": token}
                )
                self._keep(Secret.REFRESH_TOKEN, token, answer.refresh_token, lambda new: new)
                return answer
            case _:
                assert_never(profile.flow)

    def _with_assertion(self) -> TokenAnswer:
        """Try the audiences in turn, as long as it is the assertion that is refused."""
        profile, key = self.profile, self._secret(Secret.PRIVATE_KEY)
        wanted = audiences(profile.login, profile.audiences)
        refusal: LoginError | None = None
        for audience in wanted if self._audience is None else (self._audience,):
            signed = assertion(
                client_id=profile.client_id or "",
                username=profile.username or "",
                audience=audience,
                key=key,
                now=self._now(),
            )
            try:
                answer = self._ask(profile.login, {"grant_type": GRANT, "assertion": signed})
            except LoginError as error:
                said = error.description.lower()
                if error.error != "invalid_grant" or not (
                    "audience" in said or "assertion" in said
                ):
                    raise
                refusal = refusal or error
            else:
                self._audience = audience
                return answer
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

    def _with_auth_url(self) -> TokenAnswer:
        url = AuthUrl.parse(self._secret(Secret.AUTH_URL))
        parameters = {
            "grant_type": "refresh_token",
            "client_id": url.client_id,
            "refresh_token": url.refresh_token,
        }
        if url.client_secret:
            parameters["client_secret"] = url.client_secret
        answer = self._ask(url.origin, parameters)
        self._keep(Secret.AUTH_URL, url.refresh_token, answer.refresh_token, url.with_refresh_token)
        return answer

    def _app(self, grant: str) -> dict[str, str]:
        """The parameters that say which app asks for what."""
        parameters = {"grant_type": grant, "client_id": self.profile.client_id or ""}
        secret = self._optional(Secret.CLIENT_SECRET)
        return parameters | ({"client_secret": secret} if secret else {})

    def _ask(self, origin: Origin, parameters: dict[str, str]) -> TokenAnswer:
        with TokenEndpoint(origin, self.network, sleep=self._sleep) as endpoint:
            return endpoint.token(parameters)

    def _secret(self, secret: Secret) -> str:
        place = self.profile.place(secret)
        if place is None:
            raise UsageError(
                f"org {self.profile.name} does not say where its {secret} is",
                help=f"log in again: `bulkflow org login {self.profile.name}`",
            )
        return self._secrets.read(place, self.profile.secret_name(secret))

    def _optional(self, secret: Secret) -> str:
        return self._secret(secret) if self.profile.place(secret) is not None else ""

    def _keep(self, secret: Secret, old: str, new: str | None, form: Callable[[str], str]) -> None:
        """Keep a refresh token that came in the place of another.

        One that came from a variable or a file cannot be put back there. If the org ended the old
        one, the next login says so.
        """
        if new and new != old and isinstance(self.profile.place(secret), InKeyring):
            self._secrets.vault.write(self.profile.secret_name(secret), form(new))


def _same_org(one: TokenAnswer, other: TokenAnswer) -> bool:
    """Whether two answers are of one org, as far as both of them tell."""
    ids = {one.organization, other.organization} - {None}
    return len(ids) < 2


def _same_host(one: TokenAnswer, other: TokenAnswer) -> bool:
    return Origin(one.instance_url) == Origin(other.instance_url)
