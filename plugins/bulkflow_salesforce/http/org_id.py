"""The id of an org: what tells it from every other one, a refreshed sandbox at the same host too.

Ids are 15 characters here, wherever they come from: the other three of the long form are a checksum
of their case.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bulkflow_salesforce.http.errors import BadAnswerError, SalesforceError
from bulkflow_salesforce.http.retry import is_passing

if TYPE_CHECKING:
    from bulkflow_salesforce.http.session import Session

_ID = r"(00D[A-Za-z0-9]{12})(?:[A-Za-z0-9]{3})?"
_IDENTITY = re.compile(rf"https?://[^/?#]+/id/{_ID}(?:/[^?#]*)?")
_TOKEN = re.compile(rf"{_ID}!.+")


def organization_told(identity: str, token: str) -> str | None:
    """Find the id that a login gave; None if neither value holds it.

    Args:
        identity: The `id` of an OAuth answer, `https://…/id/00D…/005…`, or an empty text.
        token: The access token. Most hold the id (`00D…!…`); JSON web tokens do not.
    """
    found = _IDENTITY.fullmatch(identity) or _TOKEN.fullmatch(token)
    return found[1] if found else None


def organization_of(session: Session) -> str | None:
    """Ask an org for its id: one request.

    Returns:
        The id, or None where the token may not ask: it lacks a scope, or is no OAuth token.

    Raises:
        OrgError: The org could not be asked.
    """
    try:
        content = session.get("/services/oauth2/userinfo").json_object()
    except SalesforceError as error:
        if is_passing(error):
            raise
        return None
    except BadAnswerError:
        return None
    found = re.fullmatch(_ID, str(content.get("organization_id", "")))
    return found[1] if found else None
