"""Access tokens: which are valid, and whose they are."""

from __future__ import annotations

import hmac
import secrets
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Sessions:
    """The valid tokens of a sandbox.

    Args:
        token: The token that is valid from the start.
        user_id: The user that it is for.
        make_token: Makes the secret part of further tokens.
    """

    def __init__(
        self, token: str, user_id: str, make_token: Callable[[], str] = secrets.token_urlsafe
    ) -> None:
        self._token = token
        self._make_token = make_token
        self._users = {token: user_id}
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._users)} valid)"

    @property
    def token(self) -> str:
        """The token that the sandbox was started with."""
        return self._token

    def issue(self, user_id: str) -> str:
        """A new valid token for a user."""
        token = f"00D5g0000000001!{self._make_token()}"
        with self._lock:
            self._users[token] = user_id
        return token

    def user_of(self, token: str) -> str | None:
        """The user that a token is for; `None` when it is not valid."""
        with self._lock:
            return next(
                (
                    user
                    for known, user in self._users.items()
                    if hmac.compare_digest(known.encode(), token.encode())
                ),
                None,
            )

    def revoke(self, token: str) -> bool:
        """Makes a token invalid; whether it was valid."""
        with self._lock:
            return self._users.pop(token, None) is not None

    def revoke_all(self) -> None:
        """Makes all tokens invalid, as if their time were over."""
        with self._lock:
            self._users.clear()

    def admit(self, token: str, user_id: str) -> None:
        """Makes a given token valid."""
        with self._lock:
            self._users[token] = user_id
