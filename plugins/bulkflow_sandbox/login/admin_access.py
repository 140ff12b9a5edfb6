"""Access to the web page and to the sandbox's admin resources."""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from bulkflow_sandbox.login.sessions import Sessions


class AdminAccess:
    """The secrets for the page and the admin resources.

    `token` is part of the link to the page. The sandbox's first access token works as well, even
    after a fault has revoked it for the API. A browser gets `cookie` in exchange for the link. The
    cookie opens only the page, because browsers send it to every port of this machine.

    Args:
        sessions: The sessions, which know the first access token.
        given: The access token that the user chose. The secrets are derived from it, which keeps
            an open page working when the sandbox restarts. `None` makes random ones.
    """

    def __init__(self, sessions: Sessions, given: str | None = None) -> None:
        self._sessions = sessions
        seed = given or secrets.token_hex()
        self._token = _derive(seed, "link")
        self._cookie = _derive(seed, "cookie")

    @property
    def token(self) -> str:
        """The token for the page and the admin resources."""
        return self._token

    @property
    def cookie(self) -> str:
        """The value of the page's cookie."""
        return self._cookie

    def make_link(self, url: str) -> str:
        """Return the link to the page of a sandbox that is served at `url`."""
        return f"{url}/?{urlencode({'token': self._token})}"

    def is_link_token(self, text: str) -> bool:
        """Return whether a text is the token in the link."""
        return _is_equal(text, self._token)

    def is_cookie(self, text: str) -> bool:
        """Return whether a text is the value of the page's cookie."""
        return _is_equal(text, self._cookie)

    def is_admin_token(self, token: str) -> bool:
        """Return whether a token opens the page and the admin resources."""
        return _is_equal(token, self._token) | _is_equal(token, self._sessions.token)


def _derive(seed: str, purpose: str) -> str:
    return hmac.new(seed.encode(), purpose.encode(), sha256).hexdigest()


def _is_equal(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), known.encode())
