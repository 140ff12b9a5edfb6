"""Who may look at the page and use the sandbox's own resources."""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from bulkflow_sandbox.login.sessions import Sessions


class AdminAccess:
    """The secrets that open the page and the admin resources.

    `token` is in the link to the page. The access token that the sandbox was started with opens the
    same, also when faults made it invalid for the API. `cookie` is what a browser gets in exchange
    for the link: it opens the page alone, because browsers send it to every port of this machine.

    Args:
        sessions: Where the access token is.
        given: The access token that was chosen for the sandbox. The secrets are made from it, so
            that a page that is open goes on when the sandbox is started again; `None` makes new
            ones.
    """

    def __init__(self, sessions: Sessions, given: str | None = None) -> None:
        self._sessions = sessions
        seed = given or secrets.token_hex()
        self._token = _derived(seed, "link")
        self._cookie = _derived(seed, "cookie")

    @property
    def token(self) -> str:
        """The token of the page and the admin resources."""
        return self._token

    @property
    def cookie(self) -> str:
        """What the page's cookie holds."""
        return self._cookie

    def make_link(self, url: str) -> str:
        """Return the link to the page of a sandbox that is served at `url`."""
        return f"{url}/?{urlencode({'token': self._token})}"

    def is_link_token(self, text: str) -> bool:
        """Tell whether a text is the token of the link."""
        return _equal(text, self._token)

    def is_cookie(self, text: str) -> bool:
        """Tell whether a text is what the page's cookie holds."""
        return _equal(text, self._cookie)

    def admits(self, token: str) -> bool:
        """Tell whether a token opens the page and the admin resources."""
        return _equal(token, self._token) | _equal(token, self._sessions.token)


def _derived(seed: str, purpose: str) -> str:
    return hmac.new(seed.encode(), purpose.encode(), sha256).hexdigest()


def _equal(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), known.encode())
