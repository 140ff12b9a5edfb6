"""The user that a session is logged in as."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.errors import UsageError
from bulkflow_salesforce import SalesforceError

if TYPE_CHECKING:
    from bulkflow_salesforce import Session


def find_user_id(session: Session) -> str | None:
    """GET the id of the session's user; return None if the token does not allow it."""
    try:
        found = session.get("/services/oauth2/userinfo").parse_object().get("user_id")
    except SalesforceError:
        return None
    return found if isinstance(found, str) and found else None


def get_user_id(session: Session) -> str:
    """GET the id of the session's user.

    Raises:
        UsageError: The token does not allow it.
    """
    found = find_user_id(session)
    if found is None:
        raise UsageError(
            "the org does not say which user this token belongs to",
            help="add the scope `Access the identity URL service (id)` to the app, or leave out "
            "--mine",
        )
    return found
