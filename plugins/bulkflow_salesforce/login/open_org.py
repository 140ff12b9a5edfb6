"""From the name of an org to the way into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.errors import UsageError
from bulkflow.model.org import OrgAccess
from bulkflow_salesforce.http.org_address import OrgAddress
from bulkflow_salesforce.http.org_id import organization_told
from bulkflow_salesforce.profiles.from_environ import from_environment, patience_in
from bulkflow_salesforce.profiles.store import folder_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow_salesforce.profiles.profile import Profile
    from bulkflow_salesforce.profiles.secret_stores import Vault

ENVIRONMENT = "env"
DEFAULT = "default"
_EMBEDDED = "sandbox"


def open_org(name: str, environ: Mapping[str, str]) -> OrgAccess:
    """The way into the org that a profile, `env` or `default` names; logs in.

    Raises:
        UsageError: There is no such org, or its profile or a secret of it cannot be used.
        LoginError: The login was refused.
        TransportError: The login host could not be asked.
    """
    if name == ENVIRONMENT:
        address, tokens = from_environment(environ)
        return OrgAccess(
            name,
            address.instance_url,
            address.api_version,
            tokens,
            organization=organization_told("", tokens.token()),
            patience=patience_in(environ),
        )
    if name == _EMBEDDED:
        raise UsageError(
            "the embedded sandbox is empty at the start of every run, so nothing is in it now",
            help="`bulkflow sandbox serve` runs one that lasts; `org env` reaches it",
        )
    folder = folder_of(environ)
    if name == DEFAULT:
        chosen = folder.default()
        if chosen is None:
            raise UsageError(
                "no org is the default yet", help="choose one: `bulkflow org default NAME`"
            )
        name = chosen
    return open_profile(folder.read(name), environ)


def open_profile(
    profile: Profile, environ: Mapping[str, str], vault: Vault | None = None
) -> OrgAccess:
    """The way into the org of a profile; raises as `open_org` does."""
    # Here, so that a run against `env` loads no logins.
    from bulkflow_salesforce.http.network import Network
    from bulkflow_salesforce.login.token_flows import Login
    from bulkflow_salesforce.profiles.keyring import SystemKeyring
    from bulkflow_salesforce.profiles.secret_stores import Secrets

    secrets = Secrets(environ, vault or SystemKeyring())
    login = Login(profile, secrets, Network.of(environ))
    answer = login.answer()
    address = OrgAddress(answer.instance_url, profile.api_version)
    return OrgAccess(
        profile.name,
        address.instance_url,
        address.api_version,
        login,
        compression=profile.compression,
        organization=answer.organization,
        patience=profile.patience,
    )
