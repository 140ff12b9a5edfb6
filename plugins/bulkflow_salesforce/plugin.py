"""The plugin's orgs and commands."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bulkflow.plugin import Command, Org, hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import click

    from bulkflow.model.org import OrgAccess
    from bulkflow.plugin import OrgRequest

_COMMANDS = {
    "login": "Log in to an org, and save it under a name.",
    "list": "List the named orgs.",
    "show": "Show how to log in to an org, without its secrets.",
    "test": "Log in to an org, and show its user, versions and limits.",
    "default": "Show or choose the default org.",
    "logout": "Revoke an org's tokens, and remove its profile and secrets.",
}


@hookimpl
def bulkflow_orgs() -> Iterable[Org]:
    """Declare the org of environment variables, the default org, and the named orgs."""
    from bulkflow_salesforce.profiles.store import find_store

    yield Org(
        "env",
        "The org of SF_ORG_INSTANCE_URL, with the token in SF_ACCESS_TOKEN and the version in "
        "SF_ORG_API_VERSION; failures are waited out for BULKFLOW_PATIENCE.",
        _connect,
    )
    yield Org("default", "The org chosen with `bulkflow org default`.", _connect)
    for name in find_store(os.environ).list_names():
        yield Org(name, "An org saved by `bulkflow org login`.", _connect)


@hookimpl
def bulkflow_redact(text: str) -> str:
    """Hide tokens, keys and passwords in a line of the log."""
    from bulkflow_salesforce.http.redaction import redact

    return redact(text)


@hookimpl
def bulkflow_commands() -> Iterable[Command]:
    """Declare the commands of `bulkflow org`."""
    for name, summary in _COMMANDS.items():
        yield Command(("org", name), summary, _make_loader(name))


def _make_loader(name: str) -> Callable[[], click.Command]:

    def load() -> click.Command:
        from bulkflow_salesforce.commands import COMMANDS

        return COMMANDS[name]

    return load


def _connect(request: OrgRequest) -> OrgAccess:
    from bulkflow_salesforce.login.open_org import open_org

    return open_org(request.name, request.environ)
