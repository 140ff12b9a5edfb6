"""SFDX auth URLs: `force://CLIENT_ID:CLIENT_SECRET:REFRESH_TOKEN@HOST`."""

from __future__ import annotations

from attrs import field, frozen

from bulkflow.errors import UsageError
from bulkflow_salesforce.http.origin import Origin

_SCHEME = "force://"


@frozen
class AuthUrl:
    """What an SFDX auth URL holds; the secret may be empty, the colons stay (as the CLI writes)."""

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    origin: Origin

    @classmethod
    def parse(cls, text: str) -> AuthUrl:
        """Read one.

        Raises:
            UsageError: It is none. The message does not show it.
        """
        rest = text.strip()
        secret, at, host = rest.removeprefix(_SCHEME).rpartition("@")
        parts = secret.split(":")
        # An older form lacks the empty secret.
        if len(parts) == 2:
            parts.insert(1, "")
        if not rest.startswith(_SCHEME) or not at or len(parts) != 3 or not (parts[0] and parts[2]):
            raise UsageError(
                "that is no SFDX auth URL",
                help="it looks like force://CLIENT_ID:CLIENT_SECRET:REFRESH_TOKEN@HOST;"
                " `sf org auth show-sfdx-auth-url --target-org NAME` prints one for orgs that were"
                " logged in to in the browser",
            )
        url = host if "://" in host else f"https://{host}"
        try:
            origin = Origin(url)
        except UsageError as error:
            # Without its words: where the text is cut wrongly, the host may hold a secret.
            raise UsageError("the SFDX auth URL has no usable host", help=error.help) from None
        return cls(parts[0], parts[1], parts[2], origin)

    def with_refresh_token(self, token: str) -> str:
        """The URL with another refresh token."""
        host = self.origin.host if self.origin.secure else self.origin.url
        return f"{_SCHEME}{self.client_id}:{self.client_secret}:{token}@{host}"
