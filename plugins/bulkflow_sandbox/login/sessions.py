"""The access tokens that are valid, and their users."""

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
    """Make a token in Salesforce's format: the 15-character org id, `!`, and a secret.

    The secret has only letters and digits. The Salesforce CLI rejects other characters, except dots
    and underscores.
    """
    return f"{org_id[:15]}!AQ{secrets.token_hex(32)}"


@define(eq=False)
class _Session:
    """The user of a token, the time of its last use, and how long it may be idle."""

    user_id: str
    used: datetime
    idle: timedelta | None

    def is_expired(self, now: datetime) -> bool:
        """Return whether it has been idle for too long."""
        return self.idle is not None and now - self.used > self.idle


class Sessions:
    """The valid tokens of a sandbox.

    Args:
        token: The first token, which does not expire.
        user_id: The user of the first token.
        clock: The clock for the expiry of tokens.
        make: Makes more tokens.
        idle: How long a token from a login stays valid without a request.
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
        """The first token since the sandbox was started or refreshed."""
        return self._token

    def issue(self, user_id: str) -> str:
        """Make a token for a user, like a login does."""
        token = self._make()
        self._add(token, user_id, self._idle)
        return token

    def find_user_id(self, token: str) -> str | None:
        """Find the user of a token, and count this as a use; `None` if the token is invalid."""
        now = self._clock.now()
        given = token.encode()
        with self._lock:
            for known, session in self._sessions.items():
                if hmac.compare_digest(known.encode(), given):
                    if session.is_expired(now):
                        del self._sessions[known]
                        return None
                    session.used = now
                    return session.user_id
        return None

    def revoke(self, token: str) -> bool:
        """Revoke a token; return whether it was valid."""
        with self._lock:
            return self._sessions.pop(token, None) is not None

    def revoke_all(self) -> None:
        """Revoke all tokens, as if they had expired."""
        with self._lock:
            self._sessions.clear()

    def reset(self, token: str, user_id: str) -> None:
        """Revoke all tokens, and add a new first token that does not expire."""
        self.revoke_all()
        self._token = token
        self.admit(token, user_id)

    def admit(self, token: str, user_id: str) -> None:
        """Add a token that does not expire."""
        self._add(token, user_id, None)

    def _add(self, token: str, user_id: str, idle: timedelta | None) -> None:
        now = self._clock.now()
        with self._lock:
            expired = [known for known, one in self._sessions.items() if one.is_expired(now)]
            for known in expired:
                del self._sessions[known]
            self._sessions[token] = _Session(user_id, now, idle)
