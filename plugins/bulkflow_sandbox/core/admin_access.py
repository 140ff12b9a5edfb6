"""Access to the page and to the sandbox's own resources."""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from bulkflow_sandbox.login.sessions import Sessions


class AdminAccess:
    """The secrets that give access to the page and the admin resources.

    `token` is in the link to the page. The access token that the sandbox was started with gives the
    same access, even if faults made it invalid for the API. A browser exchanges the link for
    `cookie`. This gives access only to the page, because browsers send it to every port of this
    machine.

    Args:
        sessions: Has the access token.
        given: The access token that was chosen for the sandbox. The secrets are derived from it,
            so an open page keeps working if the sandbox is restarted. `None` makes new secrets.
    """

    def __init__(self, sessions: Sessions, given: str | None = None) -> None:
        self._sessions = sessions
        seed = given or secrets.token_hex()
        self._token = _derive(seed, "link")
        self._cookie = _derive(seed, "cookie")

    @property
    def token(self) -> str:
        """The token of the page and the admin resources."""
        return self._token

    @property
    def cookie(self) -> str:
        """The value of the page's cookie."""
        return self._cookie

    def make_link(self, url: str) -> str:
        """Make the link to the page of a sandbox that is served at `url`."""
        return f"{url}/?{urlencode({'token': self._token})}"

    def is_link_token(self, text: str) -> bool:
        """Check whether a text is the token of the link."""
        return _is_equal(text, self._token)

    def is_cookie(self, text: str) -> bool:
        """Check whether a text is the value of the page's cookie."""
        return _is_equal(text, self._cookie)

    def admits(self, token: str) -> bool:
        """Check whether a token gives access to the page and the admin resources."""
        return _is_equal(token, self._token) | _is_equal(token, self._sessions.token)


def _derive(seed: str, purpose: str) -> str:
    return hmac.new(seed.encode(), purpose.encode(), sha256).hexdigest()


def _is_equal(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), known.encode())
