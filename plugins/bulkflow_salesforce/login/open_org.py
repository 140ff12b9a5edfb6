"""Opens an org by its name: finds its settings and logs in."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bulkflow.errors import UsageError
from bulkflow.model.org import OrgAccess
from bulkflow_salesforce.http.org_address import OrgAddress
from bulkflow_salesforce.http.org_id import extract_organization
from bulkflow_salesforce.profiles.from_environ import from_environment, read_patience_variable
from bulkflow_salesforce.profiles.store import find_store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow_salesforce.profiles.profile import Profile
    from bulkflow_salesforce.profiles.secret_stores import Keyring

logger = logging.getLogger(__name__)

ENVIRONMENT = "env"
DEFAULT = "default"
_EMBEDDED = "sandbox"


def open_org(name: str, environ: Mapping[str, str]) -> OrgAccess:
    """Log in to the org of a profile, to `env` or to `default`.

    Raises:
        UsageError: There is no such org, or its profile or one of its secrets cannot be used.
        LoginError: The login was refused.
        TransportError: The login host cannot be reached.
    """
    if name == ENVIRONMENT:
        address, tokens = from_environment(environ)
        logger.info("org env resolved from environment variables: %s", address.instance_url)
        return OrgAccess(
            name,
            address.instance_url,
            address.api_version,
            tokens,
            organization=extract_organization("", tokens.token()),
            patience=read_patience_variable(environ),
        )
    if name == _EMBEDDED:
        raise UsageError(
            "the embedded sandbox starts empty with each run, so there is nothing in it now",
            help="start one that lasts with `bulkflow sandbox serve`, and use it as `org env`",
        )
    store = find_store(environ)
    if name == DEFAULT:
        chosen = store.read_default()
        if chosen is None:
            raise UsageError(
                "there is no default org yet", help="choose one: `bulkflow org default NAME`"
            )
        logger.info("org default resolved to org %s", chosen)
        name = chosen
    profile = store.read(name)
    logger.info("org %s resolved from its profile in %s", name, store.path)
    return open_profile(profile, environ)


def open_profile(
    profile: Profile, environ: Mapping[str, str], keyring: Keyring | None = None
) -> OrgAccess:
    """Log in to the org of a profile; raises like `open_org`."""
    # Imported here: a run against `env` needs no logins.
    from bulkflow_salesforce.http.network import Network
    from bulkflow_salesforce.login.token_flows import Login
    from bulkflow_salesforce.profiles.keyring import SystemKeyring
    from bulkflow_salesforce.profiles.secret_stores import SecretReader

    secrets = SecretReader(environ, keyring or SystemKeyring())
    login = Login(profile, secrets, Network.of(environ))
    response = login.log_in()
    address = OrgAddress(response.instance_url, profile.api_version)
    return OrgAccess(
        profile.name,
        address.instance_url,
        address.api_version,
        login,
        compression=profile.compression,
        organization=response.organization,
        patience=profile.patience,
    )
