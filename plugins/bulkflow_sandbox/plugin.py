"""The hooks of this plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.plugin import Command, Org, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click

    from bulkflow.model.org import OrgAccess
    from bulkflow.plugin import OrgRequest


@hookimpl
def bulkflow_orgs() -> Iterable[Org]:
    """Declare the embedded sandbox."""
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
    """Declare `bulkflow sandbox serve`."""
    return (
        Command(
            ("sandbox", "serve"), "Serve a local Bulk API 2.0 sandbox for other programs.", _load
        ),
    )


def _connect(request: OrgRequest) -> OrgAccess:
    from bulkflow_sandbox.server.embedded import connect

    return connect(request)


def _load() -> click.Command:
    from bulkflow_sandbox.server.command import serve

    return serve
