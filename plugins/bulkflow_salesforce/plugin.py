"""What this plugin declares."""

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
    "login": "Log in to an org, and give it a name.",
    "list": "List the orgs that have names.",
    "show": "Show how an org is logged in to, without its secrets.",
    "test": "Log in to an org, and show its user, versions and limits.",
    "default": "Choose the org that `org default` stands for.",
    "logout": "End an org's tokens, and forget its name and secrets.",
}


@hookimpl
def bulkflow_orgs() -> Iterable[Org]:
    """The org that environment variables name, and those that the user has named."""
    from bulkflow_salesforce.profiles.store import folder_of

    yield Org(
        "env",
        "The org of SF_ORG_INSTANCE_URL, with the token in SF_ACCESS_TOKEN and the version in "
        "SF_ORG_API_VERSION; BULKFLOW_PATIENCE says how long its trouble is waited out.",
        _connect,
    )
    yield Org("default", "The org that `bulkflow org default` has chosen.", _connect)
    for name in folder_of(os.environ).names():
        yield Org(name, "An org that `bulkflow org login` has named.", _connect)


@hookimpl
def bulkflow_redact(text: str) -> str:
    """Hide tokens, keys and passwords in a line of the log."""
    from bulkflow_salesforce.http.redaction import redact

    return redact(text)


@hookimpl
def bulkflow_commands() -> Iterable[Command]:
    """`bulkflow org` and what may follow."""
    for name, summary in _COMMANDS.items():
        yield Command(("org", name), summary, _loading(name))


def _loading(name: str) -> Callable[[], click.Command]:
    def load() -> click.Command:
        from bulkflow_salesforce.commands import COMMANDS

        return COMMANDS[name]

    return load


def _connect(request: OrgRequest) -> OrgAccess:
    from bulkflow_salesforce.login.open_org import open_org

    return open_org(request.name, request.environ)
