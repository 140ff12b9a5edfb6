"""Grants that apps can exchange for tokens: authorization codes, devices, refresh tokens."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest
from threading import Lock
from typing import TYPE_CHECKING, Final

from attrs import define, field, frozen

from bulkflow_sandbox.login.errors import OAuthError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.core.clock import SandboxClock

_USER_CODE_LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ"
_USER_CODE_LENGTH: Final = 8


@frozen
class Grant:
    """An app's permission to act for a user."""

    client_id: str
    user_id: str
    scope: str


@frozen
class _Code:
    grant: Grant
    redirect_uri: str
    challenge: str | None
    ends: datetime


@define(eq=False)
class _Device:
    client_id: str
    scope: str
    user_code: str
    ends: datetime
    user_id: str | None = None
    denied: bool = False
    polled: datetime | None = None


@define(eq=False)
class _Refresh:
    grant: Grant
    tokens: list[str] = field(factory=list, repr=False)


class Grants:
    """The authorization codes, devices and refresh tokens that are valid.

    Args:
        clock: The clock for their expiry.
        choices: Their lifetimes, and the messages of refusals.
        make_token: Makes their secrets.
    """

    def __init__(
        self,
        clock: SandboxClock,
        choices: Choices,
        make_token: Callable[[], str] = secrets.token_urlsafe,
    ) -> None:
        self._clock = clock
        self._choices = choices
        self._make_token = make_token
        self._lock = Lock()
        self._codes: dict[str, _Code] = {}
        self._devices: dict[str, _Device] = {}
        self._refresh: dict[str, _Refresh] = {}

    def clear(self) -> None:
        """Revoke all grants."""
        with self._lock:
            self._codes.clear()
            self._devices.clear()
            self._refresh.clear()

    # Authorization codes.

    def add_code(self, grant: Grant, redirect_uri: str, challenge: str | None) -> str:
        """Make an authorization code for `redirect_uri`, with the `challenge` of PKCE if used."""
        code = f"aPrx{self._make_token()}"
        ends = self._clock.now() + timedelta(minutes=self._choices.code_minutes)
        with self._lock:
            self._codes = {
                known: one for known, one in self._codes.items() if one.ends > self._clock.now()
            }
            self._codes[code] = _Code(grant, redirect_uri, challenge, ends)
        return code

    def take_code(
        self, code: str, client_id: str, redirect_uri: str, verifier: str | None
    ) -> Grant:
        """Return the grant of an authorization code, and invalidate the code in any case.

        Raises:
            OAuthError: The code is invalid or expired, or was issued for other parameters.
        """
        with self._lock:
            found = self._codes.pop(code, None)
        if found is None or found.ends <= self._clock.now() or found.grant.client_id != client_id:
            raise OAuthError("invalid_grant", self._choices.code_text)
        if found.redirect_uri != redirect_uri:
            raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
        if found.challenge is not None and not _is_challenge_met(found.challenge, verifier):
            raise OAuthError("invalid_grant", "invalid code verifier")
        return found.grant

    # Devices.

    def add_device(self, client_id: str, scope: str) -> tuple[str, str]:
        """Make a device code to poll with, and the user code to type in."""
        user_code = "".join(secrets.choice(_USER_CODE_LETTERS) for _ in range(_USER_CODE_LENGTH))
        code = self._make_token()
        ends = self._clock.now() + timedelta(minutes=self._choices.device_minutes)
        with self._lock:
            self._devices = {
                known: one for known, one in self._devices.items() if one.ends > self._clock.now()
            }
            self._devices[code] = _Device(client_id, scope, user_code, ends)
        return code, user_code

    def answer_device(self, user_code: str, user_id: str, *, allowed: bool = True) -> bool:
        """Allow or deny a device by its user code; return whether the code is valid."""
        wanted = user_code.strip().upper()
        with self._lock:
            for device in self._devices.values():
                if device.user_code == wanted and device.ends > self._clock.now():
                    device.user_id = user_id
                    device.denied = not allowed
                    return True
        return False

    def poll_device(self, code: str, client_id: str) -> Grant:
        """Return the grant of a device that the user has allowed.

        Raises:
            OAuthError: The user has not answered or has denied, the code is invalid, or the device
                polls too often.
        """
        now = self._clock.now()
        with self._lock:
            device = self._devices.get(code)
            if device is None or device.client_id != client_id or device.ends <= now:
                self._devices.pop(code, None)
                raise OAuthError("invalid_grant", "expired or invalid device code")
            before, device.polled = device.polled, now
            if device.denied:
                del self._devices[code]
                raise OAuthError("access_denied", "end-user denied authorization")
            if device.user_id is None:
                interval = timedelta(seconds=self._choices.device_interval)
                if before is not None and now - before < interval:
                    raise OAuthError("slow_down", "polling too frequently")
                raise OAuthError("authorization_pending", "end-user authorization is pending")
            del self._devices[code]
            return Grant(client_id, device.user_id, device.scope)

    # Refresh tokens.

    def add_refresh(self, grant: Grant) -> str:
        """Make a refresh token."""
        token = f"5Aep861{self._make_token()}"
        with self._lock:
            self._refresh[token] = _Refresh(grant)
        return token

    def find_refresh_grant(self, token: str, client_id: str) -> Grant:
        """Return the grant of a refresh token.

        Raises:
            OAuthError: The token is unknown or revoked, or belongs to another app.
        """
        with self._lock:
            found = self._refresh.get(token)
        if found is None or found.grant.client_id != client_id:
            raise OAuthError("invalid_grant", "expired access/refresh token")
        return found.grant

    def add_access_token(self, refresh: str, access: str) -> None:
        """Remember that an access token was issued for a refresh token."""
        with self._lock:
            found = self._refresh.get(refresh)
            if found is not None:
                found.tokens.append(access)

    def revoke_refresh(self, refresh: str) -> list[str] | None:
        """Revoke a refresh token; return its access tokens, or `None` if it is unknown."""
        with self._lock:
            found = self._refresh.pop(refresh, None)
        return None if found is None else found.tokens


def _is_challenge_met(challenge: str, verifier: str | None) -> bool:
    digest = sha256((verifier or "").encode()).digest()
    return compare_digest(urlsafe_b64encode(digest).rstrip(b"=").decode(), challenge.rstrip("="))
