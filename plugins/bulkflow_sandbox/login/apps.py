"""Connected apps: the programs that may log in for users."""

from __future__ import annotations

import hmac
from typing import Final

from attrs import field, frozen

from bulkflow_sandbox.org import USERNAME

LOOPBACK: Final = "http://localhost:1717/OauthRedirect"
"""Where the sf CLI waits for the browser to come back."""


@frozen
class ConnectedApp:
    """A program that may log in.

    `certificate` is a certificate or public key in PEM, against which the signature of a JWT is
    checked. `run_as` is the username that the client credentials flow logs in. With `approved`
    off, no user has allowed the app, so the JWT flow is refused.
    """

    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    certificate: str | None = field(default=None, repr=False)
    redirect_uris: tuple[str, ...] = ()
    run_as: str | None = USERNAME
    approved: bool = True

    def accepts_secret(self, secret: str | None) -> bool:
        """Whether a secret is the app's; without one of its own, none is wanted."""
        if self.client_secret is None:
            return True
        return hmac.compare_digest(self.client_secret.encode(), (secret or "").encode())


DEFAULT_APP: Final = ConnectedApp(
    client_id="bulkflow-sandbox",
    client_secret="bulkflow-sandbox-secret",  # noqa: S106 - known to everybody, like the password
    redirect_uris=(LOOPBACK,),
)
CLI_APP: Final = ConnectedApp(client_id="PlatformCLI", redirect_uris=(LOOPBACK,))
"""The app that the sf CLI logs in with; it has no secret."""
