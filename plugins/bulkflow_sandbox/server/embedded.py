"""The sandbox of a pipeline, which lives as long as its run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from bulkflow.model.org import OrgAccess
from bulkflow_sandbox.sandbox import Sandbox
from bulkflow_sandbox.server.server import SandboxServer

if TYPE_CHECKING:
    from bulkflow.plugin import OrgRequest

API_VERSION = "66.0"
"""The version that pipelines speak to it."""
_PATIENCE = 3.0
"""Seconds: nothing of it is late, so nothing is waited out for long."""


@frozen
class _Token:
    _token: str = field(repr=False)

    def token(self) -> str:
        return self._token

    def renew(self, stale: str) -> str | None:
        del stale
        return None


def connect(request: OrgRequest) -> OrgAccess:
    """Start a server, and say how to reach it; it stops when the run closes the org.

    Nobody but the run can log in: other users of the machine reach the port, too.
    """
    server = SandboxServer(Sandbox(known_logins=False), owned=True).start()
    return OrgAccess(
        request.name,
        server.url,
        API_VERSION,
        _Token(server.token),
        server.stop,
        organization=server.api.org.id[:15],
        patience=_PATIENCE,
    )
