"""Connected apps: the programs that can log in on behalf of users."""

from __future__ import annotations

import hmac
from typing import Final

from attrs import field, frozen

from bulkflow_sandbox.org import USERNAME

LOOPBACK: Final = "http://localhost:1717/OauthRedirect"
"""The redirect URI of the Salesforce CLI."""


@frozen
class ConnectedApp:
    """A program that can log in.

    Attributes:
        client_id: The consumer key.
        client_secret: The consumer secret; None for an app without one.
        certificate: A certificate or public key in PEM that verifies the signature of a JWT.
        redirect_uris: Where browsers may be sent with an authorization code.
        run_as: The username that the client credentials flow logs in.
        approved: Whether users have authorized the app; otherwise the JWT flow is refused.
    """

    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    certificate: str | None = field(default=None, repr=False)
    redirect_uris: tuple[str, ...] = ()
    run_as: str | None = USERNAME
    approved: bool = True

    def accepts_secret(self, secret: str | None) -> bool:
        """Return whether a secret is correct. Anything is, for an app without a secret."""
        if self.client_secret is None:
            return True
        return hmac.compare_digest(self.client_secret.encode(), (secret or "").encode())


DEFAULT_APP: Final = ConnectedApp(
    client_id="bulkflow-sandbox",
    client_secret="bulkflow-sandbox-secret",  # noqa: S106 - well known, like the password
    redirect_uris=(LOOPBACK,),
)
CLI_APP: Final = ConnectedApp(client_id="PlatformCLI", redirect_uris=(LOOPBACK,))
"""The app of the Salesforce CLI."""
