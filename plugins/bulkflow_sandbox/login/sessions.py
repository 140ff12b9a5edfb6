"""Access tokens: which are valid, whose they are, and for how long."""

from __future__ import annotations

import hmac
import secrets
from threading import Lock
from typing import TYPE_CHECKING

from attrs import define

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from bulkflow_sandbox.core.clock import SandboxClock


def make_token(org_id: str) -> str:
    """A new token in the form of Salesforce's: the org's id of 15 characters, `!`, a secret part.

    The secret part has letters and digits only: the Salesforce CLI takes no token with others but
    dots and underscores.
    """
    return f"{org_id[:15]}!AQ{secrets.token_hex(32)}"


@define(eq=False)
class _Session:
    """Whose a token is, and when it was last used; `idle` is how long it may be unused."""

    user_id: str
    used: datetime
    idle: timedelta | None

    def over(self, now: datetime) -> bool:
        """Whether it was not used for too long."""
        return self.idle is not None and now - self.used > self.idle


class Sessions:
    """The valid tokens of a sandbox.

    Args:
        token: The token that is valid from the start; it has no end.
        user_id: The user that it is for.
        clock: The time that tokens of logins end by.
        make: Makes further tokens.
        idle: How long a token of a login stays valid without a request.
    """

    def __init__(
        self,
        token: str,
        user_id: str,
        clock: SandboxClock,
        make: Callable[[], str],
        idle: timedelta | None = None,
    ) -> None:
        self._token = token
        self._clock = clock
        self._idle = idle
        self._make = make
        self._lock = Lock()
        self._sessions: dict[str, _Session] = {}
        self.admit(token, user_id)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._sessions)} valid)"

    @property
    def token(self) -> str:
        """The token that the sandbox was started with, or last refreshed with."""
        return self._token

    def issue(self, user_id: str) -> str:
        """A new valid token for a user, as a login gives it."""
        token = self._make()
        self._add(token, user_id, self._idle)
        return token

    def user_of(self, token: str) -> str | None:
        """The user that a token is for; `None` when it is not valid. This is a use of it."""
        now = self._clock.now()
        given = token.encode()
        with self._lock:
            for known, session in self._sessions.items():
                if hmac.compare_digest(known.encode(), given):
                    if session.over(now):
                        del self._sessions[known]
                        return None
                    session.used = now
                    return session.user_id
        return None

    def revoke(self, token: str) -> bool:
        """Makes a token invalid; whether it was valid."""
        with self._lock:
            return self._sessions.pop(token, None) is not None

    def revoke_all(self) -> None:
        """Makes all tokens invalid, as if their time were over."""
        with self._lock:
            self._sessions.clear()

    def begin_again(self, token: str, user_id: str) -> None:
        """Makes all tokens invalid but a new one that is valid from now on, without an end."""
        self.revoke_all()
        self._token = token
        self.admit(token, user_id)

    def admit(self, token: str, user_id: str) -> None:
        """Makes a given token valid, without an end."""
        self._add(token, user_id, None)

    def _add(self, token: str, user_id: str, idle: timedelta | None) -> None:
        now = self._clock.now()
        with self._lock:
            over = [known for known, one in self._sessions.items() if one.over(now)]
            for known in over:
                del self._sessions[known]
            self._sessions[token] = _Session(user_id, now, idle)
