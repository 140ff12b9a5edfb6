"""Access tokens: who gives them, and how all threads of a session share one."""

from __future__ import annotations

import re
from threading import Lock
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from bulkflow.errors import UsageError

if TYPE_CHECKING:
    from bulkflow.model.org import TokenProvider

_TOKEN = re.compile(r"[\x21-\x7e]+")
QUOTES_HELP = (
    "leave the quotes out: `docker run --env-file` and its like keep them as part of the value"
)


def in_quotes(value: str) -> bool:
    """Tell whether a value is in quotes, as where no shell read the file that sets it."""
    return len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"


def checked_token(token: str) -> str:
    """`token`, if it can stand in a header.

    Raises:
        UsageError: It is empty or in quotes, or holds white space, a line break or a character
            outside ASCII. The message does not show it.
    """
    if in_quotes(token.strip()):
        raise UsageError("the access token is in quotes", help=QUOTES_HELP)
    if not _TOKEN.fullmatch(token):
        raise UsageError(
            "the access token is empty, or holds white space or a character outside ASCII",
            help="copy the token alone, without quotes, line breaks or the word Bearer",
        )
    return token


@frozen
class StaticToken:
    """A token that was given from outside and cannot be renewed."""

    _token: str = field(repr=False, converter=checked_token)

    def token(self) -> str:
        """The token."""
        return self._token

    def renew(self, stale: str) -> str | None:
        """None: whoever gave the token has to give a new one."""
        return None


@define(eq=False, repr=False)
class SharedToken:
    """The current token of a session, for all its threads.

    However many threads see the same token refused, the provider is asked once for a new one; a
    thread that needs the token meanwhile waits for it.
    """

    _provider: TokenProvider = field(repr=False)
    _current: str | None = field(default=None, init=False, repr=False)
    _ended: str | None = field(default=None, init=False, repr=False)
    _known: dict[str, None] = field(factory=dict, init=False, repr=False)
    _lock: Lock = field(factory=Lock, init=False, repr=False)

    def current(self) -> str:
        """The token to send now; the provider is asked on first use."""
        with self._lock:
            if self._current is None:
                self._current = checked_token(self._provider.token())
                self._known[self._current] = None
            return self._current

    @property
    def known(self) -> tuple[str, ...]:
        """All tokens that were given: one that was replaced may be good for some time yet."""
        with self._lock:
            return tuple(self._known)

    def renew(self, stale: str) -> bool:
        """See to it that the current token is another than `stale`.

        Returns:
            Whether there is one. A provider that has said no for a token is not asked again.
        """
        with self._lock:
            if self._current != stale:
                return True
            if self._ended == stale:
                return False
            new = self._provider.renew(stale)
            if new is None or new == stale:
                self._ended = stale
                return False
            self._current = checked_token(new)
            self._known[self._current] = None
            return True
