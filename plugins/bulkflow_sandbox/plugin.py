"""What this plugin declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from bulkflow.model.org import OrgAccess
from bulkflow.plugin import Command, Org, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click

    from bulkflow.plugin import OrgRequest

API_VERSION = "66.0"
"""The version that pipelines speak to the embedded sandbox."""


@hookimpl
def bulkflow_orgs() -> Iterable[Org]:
    """The embedded sandbox."""
    return (
        Org(
            "sandbox",
            "A Bulk API 2.0 server in this process, empty at the start of every run.",
            _connect,
            apart=True,
            transient=True,
        ),
    )


@hookimpl
def bulkflow_commands() -> Iterable[Command]:
    """The sandbox for other programs."""
    return (
        Command(
            ("sandbox", "serve"), "Serve a local Bulk API 2.0 sandbox for other programs.", _load
        ),
    )


@frozen
class _Token:
    _token: str = field(repr=False)

    def token(self) -> str:
        return self._token

    def renew(self, stale: str) -> str | None:
        del stale
        return None


def _connect(request: OrgRequest) -> OrgAccess:
    from bulkflow_sandbox.server import SandboxServer

    server = SandboxServer().start()
    return OrgAccess(request.name, server.url, API_VERSION, _Token(server.token), server.stop)


def _load() -> click.Command:
    from bulkflow_sandbox.command import serve

    return serve
