"""SFDX auth URLs: `force://CLIENT_ID:CLIENT_SECRET:REFRESH_TOKEN@HOST`."""

from __future__ import annotations

from attrs import field, frozen

from bulkflow.errors import UsageError
from bulkflow_salesforce.http.origin import Origin

_SCHEME = "force://"


@frozen
class AuthUrl:
    """The parts of an SFDX auth URL; the secret may be empty, and its colons remain."""

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    origin: Origin

    @classmethod
    def parse(cls, text: str) -> AuthUrl:
        """Parse an SFDX auth URL.

        Raises:
            UsageError: It is not one. The message does not show it.
        """
        rest = text.strip()
        secret, at, host = rest.removeprefix(_SCHEME).rpartition("@")
        parts = secret.split(":")
        # An older form lacks the empty secret.
        if len(parts) == 2:
            parts.insert(1, "")
        if not rest.startswith(_SCHEME) or not at or len(parts) != 3 or not (parts[0] and parts[2]):
            raise UsageError(
                "this is not an SFDX auth URL",
                help="it looks like force://CLIENT_ID:CLIENT_SECRET:REFRESH_TOKEN@HOST;"
                " `sf org auth show-sfdx-auth-url --target-org NAME` prints the one of an org that"
                " was logged in to in a browser",
            )
        url = host if "://" in host else f"https://{host}"
        try:
            origin = Origin(url)
        except UsageError as error:
            # Its message may quote a secret, if the text was split in the wrong place.
            raise UsageError("the SFDX auth URL has no valid host", help=error.help) from None
        return cls(parts[0], parts[1], parts[2], origin)

    def with_refresh_token(self, token: str) -> str:
        """Format the URL with another refresh token."""
        host = self.origin.host if self.origin.secure else self.origin.url
        return f"{_SCHEME}{self.client_id}:{self.client_secret}:{token}@{host}"
