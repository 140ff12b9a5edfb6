"""What this plugin declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.model.org import OrgAccess
from bulkflow.plugin import Org, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bulkflow.plugin import OrgRequest


@hookimpl
def bulkflow_orgs() -> Iterable[Org]:
    """The org that environment variables name."""
    return (
        Org(
            "env",
            "The org of SF_ORG_INSTANCE_URL, with the token in SF_ACCESS_TOKEN and the version in "
            "SF_ORG_API_VERSION.",
            _connect,
        ),
    )


def _connect(request: OrgRequest) -> OrgAccess:
    from bulkflow_salesforce.environment import from_environment

    address, tokens = from_environment(request.environ)
    return OrgAccess(request.name, address.instance_url, address.api_version, tokens)
