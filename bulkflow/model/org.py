"""The way into an org, as an org plugin hands it to the plugins that talk to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable


class TokenProvider(Protocol):
    """Where the access token comes from. Safe to ask from several threads."""

    def token(self) -> str:
        """The token to send now."""
        ...

    def renew(self, stale: str) -> str | None:
        """A newer token than `stale`, or None where there is no way to get one."""
        ...


def _nothing() -> None:
    """An org that has nothing to close."""


@frozen
class OrgAccess:
    """An org that can be talked to: where it is, and the token that it takes.

    `instance_url` has a scheme and a host and no path; `api_version` looks like `66.0`.
    """

    name: str
    instance_url: str
    api_version: str
    tokens: TokenProvider = field(repr=False)
    close: Callable[[], None] = field(default=_nothing, repr=False)
