"""The sandbox that a pipeline uses for the time of its run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from bulkflow.model.org import OrgAccess
from bulkflow_sandbox.sandbox import Sandbox
from bulkflow_sandbox.server.server import SandboxServer

if TYPE_CHECKING:
    from bulkflow.plugin import OrgRequest

API_VERSION = "66.0"
"""The API version that pipelines use with it."""
_PATIENCE = 3.0
"""Seconds to wait for a response: it is in this process, so responses are never late."""


@frozen
class _Token:
    _token: str = field(repr=False)

    def token(self) -> str:
        return self._token

    def renew(self, stale: str) -> str | None:
        del stale
        return None


def connect(request: OrgRequest) -> OrgAccess:
    """Start a server that stops when the run closes the org.

    The well-known logins are off, because other users of the machine can reach the port.
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
