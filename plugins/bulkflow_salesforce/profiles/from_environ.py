"""Reads the settings of `org env` from environment variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.errors import UsageError
from bulkflow_salesforce.http.org_address import DEFAULT_API_VERSION, OrgAddress
from bulkflow_salesforce.http.tokens import QUOTES_HELP, StaticToken, is_quoted
from bulkflow_salesforce.profiles.patience import PATIENCE, parse_patience

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow.model.org import TokenProvider

# The Salesforce CLI's names, the older ones second.
TOKEN = ("SF_ACCESS_TOKEN", "SFDX_ACCESS_TOKEN")
INSTANCE_URL = ("SF_ORG_INSTANCE_URL", "SFDX_INSTANCE_URL")
API_VERSION = ("SF_ORG_API_VERSION", "SFDX_API_VERSION")

_SHOW_TOKEN = "sf org auth show-access-token --target-org NAME"  # noqa: S105 - a command
_HELP = {
    TOKEN: f"{TOKEN[0]} is an access token; `{_SHOW_TOKEN}` prints one",
    INSTANCE_URL: f"{INSTANCE_URL[0]} is the org's address; `sf org display --target-org NAME`"
    " prints it",
}
# What `sf org display` prints instead of the token since CLI 2.136.8 of May 2026.
_REDACTED = "[REDACTED]"


def from_environment(environ: Mapping[str, str]) -> tuple[OrgAddress, TokenProvider]:
    """Read the address and the token of an org.

    Args:
        environ: `SF_ACCESS_TOKEN`, `SF_ORG_INSTANCE_URL` and, optionally, `SF_ORG_API_VERSION`
            (66.0 by default), or the older names of the Salesforce CLI. An empty variable counts
            as missing.

    Raises:
        UsageError: A variable is missing or invalid.
    """
    for name in (*TOKEN, *INSTANCE_URL, *API_VERSION):
        if is_quoted(environ.get(name, "").strip()):
            raise UsageError(f"the value of {name} is in quotes", help=QUOTES_HELP)
    token, url = _find_variable(environ, TOKEN), _find_variable(environ, INSTANCE_URL)
    missing = [names for names, value in ((TOKEN, token), (INSTANCE_URL, url)) if not value]
    if token is None or url is None:
        names = " and ".join(name for name, _ in missing)
        raise UsageError(
            f"org env needs {names} in the environment",
            help="; ".join(_HELP[names] for names in missing),
        )
    if token.startswith(_REDACTED):
        raise UsageError(
            f"{TOKEN[0]} is {_REDACTED}, which the Salesforce CLI prints instead of the token",
            help=f"`{_SHOW_TOKEN}` prints the token itself",
        )
    address = OrgAddress(url, _find_variable(environ, API_VERSION) or DEFAULT_API_VERSION)
    return address, StaticToken(token)


def read_patience_variable(environ: Mapping[str, str]) -> float | None:
    """Read `BULKFLOW_PATIENCE`, in seconds; None if it is not set.

    Raises:
        UsageError: It is not a duration.
    """
    text = environ.get(PATIENCE)
    return parse_patience(text, PATIENCE) if text else None


def _find_variable(environ: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((environ[name] for name in names if environ.get(name)), None)
