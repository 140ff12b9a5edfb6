"""The login flows, without HTTP."""

from __future__ import annotations

import hmac
from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode, urlsplit

from bulkflow_sandbox.login.apps import CLI_APP, DEFAULT_APP, ConnectedApp
from bulkflow_sandbox.login.assertion import read_issuer, verify_assertion
from bulkflow_sandbox.login.errors import OAuthError, SoapLoginError, make_missing_parameter_error
from bulkflow_sandbox.login.identity import build_identity_url
from bulkflow_sandbox.login.issued_grants import Grant, Grants
from bulkflow_sandbox.login.users import Users
from bulkflow_sandbox.org import USERNAME

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bulkflow_sandbox.login.sessions import Sessions
    from bulkflow_sandbox.login.users import User
    from bulkflow_sandbox.org import SandboxOrg

JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_SCOPE: Final = "api id refresh_token"
_LONG_LIVED: Final = frozenset({"refresh_token", "offline_access", "full"})
_LOOPBACKS: Final = frozenset({"localhost", "127.0.0.1", "::1"})

TokenResponse = dict[str, str | int]


class Logins:
    """Logs users in, and issues their tokens.

    `parameters` are those of the HTTP request. `instance_url` is the URL of this server in the
    request; clients use the token there. Methods raise `OAuthError` to refuse a request.

    Args:
        org: The org whose users log in.
        sessions: The sessions that logins start.
        known: Whether the well-known user and apps can log in.
    """

    def __init__(self, org: SandboxOrg, sessions: Sessions, *, known: bool = True) -> None:
        self._org = org
        self._sessions = sessions
        self._apps: dict[str, ConnectedApp] = {}
        self.users = Users(org, known=known)
        self.grants = Grants(org.clock, org.choices)
        for app in (DEFAULT_APP, CLI_APP) if known else ():
            self.register(app)
        self._flows: dict[str, Callable[[Mapping[str, str], str], TokenResponse]] = {
            "password": self._log_in_by_password,
            "client_credentials": self._log_in_app,
            "refresh_token": self._refresh_token,
            "authorization_code": self._exchange_code,
            "device": self._poll_device,
            JWT_BEARER: self._log_in_by_assertion,
        }

    def register(self, app: ConnectedApp) -> None:
        """Add an app, or replace the one with the same client id."""
        self._apps[app.client_id] = app

    # The token endpoint.

    def grant_token(self, parameters: Mapping[str, str], instance_url: str) -> TokenResponse:
        """Grant an access token or a device code."""
        if parameters.get("response_type") == "device_code":
            return self._start_device(parameters, instance_url)
        flow = self._flows.get(_get_required(parameters, "grant_type"))
        if flow is None:
            raise OAuthError("unsupported_grant_type", "grant type not supported")
        return flow(parameters, instance_url)

    def _log_in_by_password(
        self, parameters: Mapping[str, str], instance_url: str
    ) -> TokenResponse:
        app = self._find_app(parameters)
        self._check_secret(app, parameters)
        user = self.users.find_by_password(
            _get_required(parameters, "username"), _get_required(parameters, "password")
        )
        if user is None:
            raise OAuthError("invalid_grant", "authentication failure")
        return self._issue_token(Grant(app.client_id, user.id, "api id"), instance_url)

    def _log_in_app(self, parameters: Mapping[str, str], instance_url: str) -> TokenResponse:
        app = self._find_app(parameters)
        if app.client_secret is None:
            raise OAuthError("invalid_client", "invalid client credentials")
        self._check_secret(app, parameters)
        user = self.users.find_by_username(app.run_as) if app.run_as is not None else None
        if user is None:
            raise OAuthError("invalid_grant", "no client credentials user enabled")
        return self._issue_token(Grant(app.client_id, user.id, "api id"), instance_url)

    def _log_in_by_assertion(
        self, parameters: Mapping[str, str], instance_url: str
    ) -> TokenResponse:
        choices = self._org.choices
        assertion = _get_required(parameters, "assertion")
        app = self._find_app({"client_id": read_issuer(assertion, choices)})
        username = verify_assertion(
            assertion, app, choices, now=self._org.clock.now(), audiences=(instance_url,)
        )
        user = self.users.find_by_username(username)
        if user is None or not app.approved:
            raise OAuthError("invalid_grant", "user hasn't approved this consumer")
        return self._issue_token(Grant(app.client_id, user.id, "api id"), instance_url)

    def _refresh_token(self, parameters: Mapping[str, str], instance_url: str) -> TokenResponse:
        app = self._find_app(parameters)
        if self._org.choices.secret_for_refresh or parameters.get("client_secret"):
            self._check_secret(app, parameters)
        token = _get_required(parameters, "refresh_token")
        grant = self.grants.find_refresh_grant(token, app.client_id)
        if self._find_active_user(grant) is None:
            raise OAuthError("inactive_user", "user is inactive")
        if not self._org.choices.rotate_refresh_tokens:
            return self._issue_token(grant, instance_url, refresh=token)
        self.grants.revoke_refresh(token)
        return self._issue_refreshable(grant, instance_url)

    def _exchange_code(self, parameters: Mapping[str, str], instance_url: str) -> TokenResponse:
        app = self._find_app(parameters)
        verifier = parameters.get("code_verifier")
        if verifier is None or parameters.get("client_secret"):
            self._check_secret(app, parameters)
        grant = self.grants.take_code(
            _get_required(parameters, "code"),
            app.client_id,
            _get_required(parameters, "redirect_uri"),
            verifier,
        )
        return self._issue_refreshable(grant, instance_url)

    def _poll_device(self, parameters: Mapping[str, str], instance_url: str) -> TokenResponse:
        app = self._find_app(parameters)
        grant = self.grants.poll_device(_get_required(parameters, "code"), app.client_id)
        return self._issue_refreshable(grant, instance_url)

    def _start_device(self, parameters: Mapping[str, str], instance_url: str) -> TokenResponse:
        app = self._find_app(parameters)
        code, user_code = self.grants.add_device(app.client_id, parameters.get("scope") or _SCOPE)
        return {
            "device_code": code,
            "user_code": user_code,
            "verification_uri": f"{instance_url}/setup/connect",
            "interval": self._org.choices.device_interval,
        }

    # The authorization endpoint.

    def authorize(self, parameters: Mapping[str, str]) -> str:
        """Return the URL to redirect the browser to, with a code for the app or an error."""
        app = self._find_app(parameters)
        target = _get_required(parameters, "redirect_uri")
        if not _is_redirect_allowed(app, target):
            raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
        back = {"state": parameters["state"]} if "state" in parameters else {}
        user = self.users.find_by_username(parameters.get("login_hint") or USERNAME)
        if parameters.get("response_type") != "code":
            return _add_parameters(
                target,
                back
                | {
                    "error": "unsupported_response_type",
                    "error_description": "response type not supported",
                },
            )
        if user is None or not self._org.choices.authorize_at_once:
            denied = "end-user denied authorization"
            return _add_parameters(
                target, back | {"error": "access_denied", "error_description": denied}
            )
        challenge = parameters.get("code_challenge")
        grant = Grant(app.client_id, user.id, parameters.get("scope") or _SCOPE)
        code = self.grants.add_code(grant, target, challenge)
        return _add_parameters(target, {"code": code} | back)

    # Revocation.

    def revoke(self, token: str) -> None:
        """Revoke an access token, or a refresh token and its access tokens."""
        tokens = self.grants.revoke_refresh(token)
        known = self._sessions.revoke(token)
        if tokens is None and not known:
            raise OAuthError("unsupported_token_type", "this token type is not supported")
        for access in tokens or ():
            self._sessions.revoke(access)

    # The SOAP login.

    def log_in(self, username: str, password: str) -> tuple[User, str]:
        """Log a user in with a password; return the user and a token.

        Raises:
            SoapLoginError: The username or password is wrong.
        """
        user = self.users.find_by_password(username, password)
        if user is None:
            raise SoapLoginError(
                "INVALID_LOGIN",
                "Invalid username, password, security token; or user locked out.",
            )
        return user, self._sessions.issue(user.id)

    def find_user(self, token: str) -> User | None:
        """Find the user of a token; `None` if the token is invalid."""
        user_id = self._sessions.find_user_id(token)
        return None if user_id is None else self.users.find_by_id(user_id)

    def _find_app(self, parameters: Mapping[str, str]) -> ConnectedApp:
        app = self._apps.get(_get_required(parameters, "client_id"))
        if app is None:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        return app

    @staticmethod
    def _check_secret(app: ConnectedApp, parameters: Mapping[str, str]) -> None:
        if not app.accepts_secret(parameters.get("client_secret")):
            raise OAuthError("invalid_client", "invalid client credentials")

    def _find_active_user(self, grant: Grant) -> User | None:
        return self.users.find_by_id(grant.user_id)

    def _issue_refreshable(self, grant: Grant, instance_url: str) -> TokenResponse:
        """Issue an access token, and a refresh token if the scope includes one."""
        if not _LONG_LIVED & set(grant.scope.split()):
            return self._issue_token(grant, instance_url)
        refresh = self.grants.add_refresh(grant)
        return self._issue_token(grant, instance_url, refresh=refresh) | {"refresh_token": refresh}

    def _issue_token(
        self, grant: Grant, instance_url: str, *, refresh: str | None = None
    ) -> TokenResponse:
        token = self._sessions.issue(grant.user_id)
        if refresh is not None:
            self.grants.add_access_token(refresh, token)
        identity = build_identity_url(instance_url, self._org.id, grant.user_id)
        issued = str(int(self._org.clock.now().timestamp() * 1000))
        secret = self._apps[grant.client_id].client_secret or ""
        signature = hmac.new(secret.encode(), (identity + issued).encode(), sha256).digest()
        return {
            "access_token": token,
            "signature": b64encode(signature).decode(),
            "scope": grant.scope,
            "instance_url": instance_url,
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued,
        }


def _get_required(parameters: Mapping[str, str], name: str) -> str:
    value = parameters.get(name)
    if not value:
        raise make_missing_parameter_error(name)
    return value


def _is_redirect_allowed(app: ConnectedApp, target: str) -> bool:
    """Return whether an app has this redirect URI. Loopback addresses match on any port."""
    if target in app.redirect_uris:
        return True
    try:
        wanted = urlsplit(target)
    except ValueError:
        return False
    for known in map(urlsplit, app.redirect_uris):
        if (
            {known.hostname, wanted.hostname} <= _LOOPBACKS
            and known.scheme == wanted.scheme
            and known.path == wanted.path
        ):
            return True
    return False


def _add_parameters(target: str, parameters: Mapping[str, str]) -> str:
    return f"{target}{'&' if urlsplit(target).query else '?'}{urlencode(parameters)}"
