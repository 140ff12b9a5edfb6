"""Access to an org, which an org plugin gives to the plugins that use the org."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class TokenProvider(Protocol):
    """Provides the access token of one org. A session calls it from one thread at a time."""

    def token(self) -> str:
        """Return the first access token.

        Raises:
            BulkflowError: There is none; the message explains the remedy.
        """
        ...

    def renew(self, stale: str) -> str | None:
        """Return a new token for one that the org has ended; None if there is no way to get one.

        Args:
            stale: The token that was refused. Compare it, but never show it.
        """
        ...


def _nothing() -> None:
    """Close nothing."""


@frozen
class OrgAccess:
    """An org to talk to: its address, and its tokens.

    `instance_url` has a scheme and a host and no path; `api_version` looks like `66.0`.
    `compression` and `patience` are the defaults of jobs that do not set them: whether rows are
    sent compressed, and for how many seconds passing trouble is waited out. `organization` is the
    id of the org, 15 characters, if the login returned it; the same host may belong to another org
    later.
    """

    name: str
    instance_url: str
    api_version: str
    tokens: TokenProvider = field(repr=False)
    close: Callable[[], None] = field(default=_nothing, repr=False)
    compression: bool = field(default=False, kw_only=True)
    organization: str | None = field(default=None, kw_only=True)
    patience: float | None = field(default=None, kw_only=True)
    transient: bool = field(default=False, kw_only=True)
    """Whether the org starts empty with each run; set by the engine."""


def get_only_org(orgs: Mapping[str, str]) -> str | None:
    """Get the name of a file's only org; None if there are none or several."""
    return next(iter(orgs)) if len(orgs) == 1 else None


def format_orgs(orgs: Mapping[str, str]) -> str:
    """Format orgs: the profile of the only one, or `source = prod, target = uat`.

    Args:
        orgs: Profiles by the file's names for them.
    """
    if len(orgs) == 1:
        return next(iter(orgs.values()))
    return ", ".join(
        name if name == profile else f"{name} = {profile}" for name, profile in orgs.items()
    )


def format_org(name: str, orgs: Mapping[str, str]) -> str:
    """Format one of several orgs: its name, and its profile if that is different."""
    profile = orgs.get(name, name)
    return name if name == profile else f"{name} ({profile})"
