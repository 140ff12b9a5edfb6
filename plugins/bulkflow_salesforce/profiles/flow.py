"""The login flows, and what each needs."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping


class Flow(StrEnum):
    """Ways to get an access token, with the values of `--flow`."""

    WEB = "web"
    DEVICE = "device"
    JWT = "jwt"
    CLIENT_CREDENTIALS = "client-credentials"
    REFRESH_TOKEN = "refresh-token"  # noqa: S105 - the name of a flow
    AUTH_URL = "auth-url"
    CLI = "sf"
    TOKEN = "token"  # noqa: S105 - the name of a flow
    PASSWORD = "password"  # noqa: S105 - the name of a flow


class Secret(StrEnum):
    """The kinds of secrets that flows use."""

    ACCESS_TOKEN = "access-token"  # noqa: S105 - the name of a kind
    REFRESH_TOKEN = "refresh-token"  # noqa: S105
    CLIENT_SECRET = "client-secret"  # noqa: S105
    PRIVATE_KEY = "private-key"
    PASSWORD = "password"  # noqa: S105
    SECURITY_TOKEN = "security-token"  # noqa: S105
    AUTH_URL = "auth-url"


@frozen
class FlowRequirements:
    """What a flow needs.

    Attributes:
        summary: The purpose of the flow, for help texts.
        settings: The required settings of a profile.
        secrets: The required secrets.
        optional_secrets: Secrets that are used if they are there.
        creates_refresh_token: Whether the login itself creates the refresh token.
    """

    summary: str
    settings: tuple[str, ...] = ()
    secrets: tuple[Secret, ...] = ()
    optional_secrets: tuple[Secret, ...] = ()
    creates_refresh_token: bool = False


REQUIREMENTS: Final[Mapping[Flow, FlowRequirements]] = {
    Flow.WEB: FlowRequirements(
        "in the browser of this machine",
        ("client-id",),
        (Secret.REFRESH_TOKEN,),
        (Secret.CLIENT_SECRET,),
        creates_refresh_token=True,
    ),
    Flow.DEVICE: FlowRequirements(
        "in a browser on another machine, with a code",
        ("client-id",),
        (Secret.REFRESH_TOKEN,),
        (Secret.CLIENT_SECRET,),
        creates_refresh_token=True,
    ),
    Flow.JWT: FlowRequirements(
        "with a key whose certificate was uploaded to the app; for servers",
        ("client-id", "username"),
        (Secret.PRIVATE_KEY,),
    ),
    Flow.CLIENT_CREDENTIALS: FlowRequirements(
        "as the user that the app runs as; for servers",
        ("client-id", "login-url"),
        (Secret.CLIENT_SECRET,),
    ),
    Flow.REFRESH_TOKEN: FlowRequirements(
        "with a refresh token from elsewhere",
        ("client-id",),
        (Secret.REFRESH_TOKEN,),
        (Secret.CLIENT_SECRET,),
    ),
    Flow.AUTH_URL: FlowRequirements(
        "with an SFDX auth URL, as `sf org auth show-sfdx-auth-url` prints it",
        (),
        (Secret.AUTH_URL,),
    ),
    Flow.CLI: FlowRequirements("as the Salesforce CLI is logged in", ("target-org",)),
    Flow.TOKEN: FlowRequirements(
        "with an access token, until it expires", ("instance-url",), (Secret.ACCESS_TOKEN,)
    ),
    Flow.PASSWORD: FlowRequirements(
        "with username and password; deprecated by Salesforce, and off in new orgs",
        ("client-id", "username"),
        (Secret.PASSWORD,),
        (Secret.CLIENT_SECRET, Secret.SECURITY_TOKEN),
    ),
}
