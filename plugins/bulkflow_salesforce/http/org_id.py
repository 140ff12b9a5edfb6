"""The id of an org, which differs even between a sandbox and its refresh at the same host.

Ids have 15 characters here, wherever they come from: the last three of the long form are a checksum
of the case of the letters.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bulkflow_salesforce.http.errors import BadResponseError, SalesforceError
from bulkflow_salesforce.http.retry import is_transient

if TYPE_CHECKING:
    from bulkflow_salesforce.http.session import Session

_ID = r"(00D[A-Za-z0-9]{12})(?:[A-Za-z0-9]{3})?"
_IDENTITY = re.compile(rf"https?://[^/?#]+/id/{_ID}(?:/[^?#]*)?")
_TOKEN = re.compile(rf"{_ID}!.+")


def extract_organization(identity: str, token: str) -> str | None:
    """Extract the org's id from the result of a login; None if neither value contains it.

    Args:
        identity: The `id` of an OAuth response, `https://…/id/00D…/005…`, or an empty text.
        token: The access token. Most contain the id (`00D…!…`); JSON web tokens do not.
    """
    found = _IDENTITY.fullmatch(identity) or _TOKEN.fullmatch(token)
    return found[1] if found else None


def fetch_organization(session: Session) -> str | None:
    """Ask an org for its id, with one request.

    Returns:
        The id, or None if the token may not ask: it lacks a scope, or is not an OAuth token.

    Raises:
        OrgError: The request failed.
    """
    try:
        content = session.get("/services/oauth2/userinfo").parse_object()
    except SalesforceError as error:
        if is_transient(error):
            raise
        return None
    except BadResponseError:
        return None
    found = re.fullmatch(_ID, str(content.get("organization_id", "")))
    return found[1] if found else None
