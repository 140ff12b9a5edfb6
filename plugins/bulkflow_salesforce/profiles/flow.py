"""The flows by which an org is logged in to, and what each needs to know."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping


class Flow(StrEnum):
    """The ways to get an access token; the values are those of `--flow`."""

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
    """The kinds of secrets that a flow uses."""

    ACCESS_TOKEN = "access-token"  # noqa: S105 - the name of a kind
    REFRESH_TOKEN = "refresh-token"  # noqa: S105
    CLIENT_SECRET = "client-secret"  # noqa: S105
    PRIVATE_KEY = "private-key"
    PASSWORD = "password"  # noqa: S105
    SECURITY_TOKEN = "security-token"  # noqa: S105
    AUTH_URL = "auth-url"


@frozen
class Needs:
    """What a flow needs.

    Attributes:
        about: What it is for, for help texts.
        settings: The settings of a profile that it cannot do without.
        secrets: The secrets that it cannot do without.
        may_have: Secrets that it uses if they are there.
        made: Whether the login itself makes the refresh token.
    """

    about: str
    settings: tuple[str, ...] = ()
    secrets: tuple[Secret, ...] = ()
    may_have: tuple[Secret, ...] = ()
    made: bool = False


NEEDS: Final[Mapping[Flow, Needs]] = {
    Flow.WEB: Needs(
        "in the browser of this machine",
        ("client-id",),
        (Secret.REFRESH_TOKEN,),
        (Secret.CLIENT_SECRET,),
        made=True,
    ),
    Flow.DEVICE: Needs(
        "in the browser of another machine, with a code",
        ("client-id",),
        (Secret.REFRESH_TOKEN,),
        (Secret.CLIENT_SECRET,),
        made=True,
    ),
    Flow.JWT: Needs(
        "with a key whose certificate the app knows; for servers",
        ("client-id", "username"),
        (Secret.PRIVATE_KEY,),
    ),
    Flow.CLIENT_CREDENTIALS: Needs(
        "as the user that the app runs as; for servers",
        ("client-id", "login-url"),
        (Secret.CLIENT_SECRET,),
    ),
    Flow.REFRESH_TOKEN: Needs(
        "with a refresh token from elsewhere",
        ("client-id",),
        (Secret.REFRESH_TOKEN,),
        (Secret.CLIENT_SECRET,),
    ),
    Flow.AUTH_URL: Needs(
        "with an SFDX auth URL, as `sf org auth show-sfdx-auth-url` prints it",
        (),
        (Secret.AUTH_URL,),
    ),
    Flow.CLI: Needs("as the Salesforce CLI is logged in", ("target-org",)),
    Flow.TOKEN: Needs(
        "with an access token, until it ends", ("instance-url",), (Secret.ACCESS_TOKEN,)
    ),
    Flow.PASSWORD: Needs(
        "with username and password; deprecated by Salesforce, and off in new orgs",
        ("client-id", "username"),
        (Secret.PASSWORD,),
        (Secret.CLIENT_SECRET, Secret.SECURITY_TOKEN),
    ),
}
