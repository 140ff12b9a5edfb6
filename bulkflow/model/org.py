"""The way into an org, as an org plugin hands it to the plugins that talk to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class TokenProvider(Protocol):
    """Gives the access token of one org. A session calls it from one thread at a time."""

    def token(self) -> str:
        """The access token to begin with.

        Raises:
            BulkflowError: There is none; the message says what to do.
        """
        ...

    def renew(self, stale: str) -> str | None:
        """A new token for one that the org has ended; None if there is no way to get one.

        Args:
            stale: The token that was refused. It may be compared, and must not be shown.
        """
        ...


def _nothing() -> None:
    """An org that has nothing to close."""


@frozen
class OrgAccess:
    """An org that can be talked to: where it is, and the token that it takes.

    `instance_url` has a scheme and a host and no path; `api_version` looks like `66.0`;
    `compression` says whether rows go to it compressed, where a job does not say. `organization` is
    the id of the org, 15 characters, where the login gave it; the same host may have another org
    later. `patience` is for how many seconds its trouble is waited out, where a job does not say.
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
    """Whether it begins empty with each run; the engine sets it."""


def get_only_org(orgs: Mapping[str, str]) -> str | None:
    """The name of the org that is everybody's: the only one of a file, if it is the only one."""
    return next(iter(orgs)) if len(orgs) == 1 else None


def format_orgs(orgs: Mapping[str, str]) -> str:
    """Orgs in a few words: the profile of the only one, `source = prod, target = uat` of several.

    Args:
        orgs: The profile that each name of a file stands for.
    """
    if len(orgs) == 1:
        return next(iter(orgs.values()))
    return ", ".join(
        name if name == profile else f"{name} = {profile}" for name, profile in orgs.items()
    )


def format_org(name: str, orgs: Mapping[str, str]) -> str:
    """One of several orgs: its name, and its profile where that has another."""
    profile = orgs.get(name, name)
    return name if name == profile else f"{name} ({profile})"
