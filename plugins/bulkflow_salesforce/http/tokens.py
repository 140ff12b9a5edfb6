"""Access tokens, and how the threads of a session share one."""

from __future__ import annotations

import logging
import re
from threading import Lock
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from bulkflow.errors import UsageError

if TYPE_CHECKING:
    from bulkflow.model.org import TokenProvider

logger = logging.getLogger(__name__)

_TOKEN = re.compile(r"[\x21-\x7e]+")
QUOTES_HELP = (
    "remove the quotes: `docker run --env-file` and similar options keep them as part of the value"
)


def is_quoted(value: str) -> bool:
    """Check whether a value is in quotes, as when no shell has read the file that sets it."""
    return len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"


def check_token(token: str) -> str:
    """Return a token that is allowed in a header.

    Raises:
        UsageError: It is empty or in quotes, or contains white space, a line break or a character
            outside of ASCII. The message does not show it.
    """
    if is_quoted(token.strip()):
        raise UsageError("the access token is in quotes", help=QUOTES_HELP)
    if not _TOKEN.fullmatch(token):
        raise UsageError(
            "the access token is empty, or contains white space or a character outside of ASCII",
            help="copy the token alone, without quotes, line breaks or the word Bearer",
        )
    return token


@frozen
class StaticToken:
    """A token from outside, which cannot be renewed."""

    _token: str = field(repr=False, converter=check_token)

    def token(self) -> str:
        """Return the token."""
        return self._token

    def renew(self, stale: str) -> str | None:
        """Return None: only the source of the token can issue a new one."""
        return None


@define(eq=False, repr=False)
class SharedToken:
    """The current token of a session, shared by its threads.

    If several threads see the same token refused, the provider is asked once for a new one, and the
    other threads wait for it.
    """

    _provider: TokenProvider = field(repr=False)
    _current: str | None = field(default=None, init=False, repr=False)
    _ended: str | None = field(default=None, init=False, repr=False)
    _known: dict[str, None] = field(factory=dict, init=False, repr=False)
    _lock: Lock = field(factory=Lock, init=False, repr=False)

    def get(self) -> str:
        """Get the token to send now; the provider is asked on first use."""
        with self._lock:
            if self._current is None:
                self._current = check_token(self._provider.token())
                self._known[self._current] = None
            return self._current

    @property
    def known(self) -> tuple[str, ...]:
        """All tokens so far: a replaced token may remain valid for some time."""
        with self._lock:
            return tuple(self._known)

    def renew(self, stale: str) -> bool:
        """Replace the current token if it is `stale`.

        Returns:
            Whether the current token is another one. A provider that cannot renew a token is not
            asked for it again.
        """
        with self._lock:
            if self._current != stale:
                return True
            if self._ended == stale:
                return False
            logger.info("access token refused; asking for a new one")
            new = self._provider.renew(stale)
            if new is None or new == stale:
                self._ended = stale
                logger.info("access token cannot be renewed")
                return False
            self._current = check_token(new)
            self._known[self._current] = None
            logger.info("access token renewed")
            return True
