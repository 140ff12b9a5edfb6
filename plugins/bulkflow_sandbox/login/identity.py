"""Who a user is, as the identity and userinfo resources say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow_sandbox.core.dates import format_json_moment

if TYPE_CHECKING:
    from bulkflow_sandbox.login.users import User

Body = dict[str, object]


def identity_url(here: str, org_id: str, user_id: str) -> str:
    """The address of an identity."""
    return f"{here}/id/{org_id}/{user_id}"


def userinfo_body(user: User, here: str, org_id: str) -> Body:
    """The body of `/services/oauth2/userinfo`."""
    return {
        "sub": identity_url(here, org_id, user.id),
        "user_id": user.id,
        "organization_id": org_id,
        "preferred_username": user.username,
        "nickname": user.username.partition("@")[0],
        "name": user.name,
        "email": user.email,
        "email_verified": True,
        "given_name": user.first_name or None,
        "family_name": user.last_name,
        "zoneinfo": "UTC",
        "profile": f"{here}/{user.id}",
        "urls": _urls(user, here, org_id),
        "active": True,
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_US",
        "utcOffset": 0,
        "updated_at": format_json_moment(user.modified),
    }


def identity_body(user: User, here: str, org_id: str) -> Body:
    """The body of the identity address that a token comes with: `/id/{org}/{user}`."""
    return {
        "id": identity_url(here, org_id, user.id),
        "asserted_user": True,
        "user_id": user.id,
        "organization_id": org_id,
        "username": user.username,
        "nick_name": user.username.partition("@")[0],
        "display_name": user.name,
        "email": user.email,
        "email_verified": True,
        "first_name": user.first_name or None,
        "last_name": user.last_name,
        "timezone": "UTC",
        "urls": _urls(user, here, org_id),
        "active": True,
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_US",
        "utcOffset": 0,
        "last_modified_date": format_json_moment(user.modified),
    }


def _urls(user: User, here: str, org_id: str) -> dict[str, str]:
    """Addresses; `{version}` in them is for the client to fill in."""
    data = f"{here}/services/data/v{{version}}"
    return {
        "partner": f"{here}/services/Soap/u/{{version}}/{org_id}",
        "rest": f"{data}/",
        "sobjects": f"{data}/sobjects/",
        "query": f"{data}/query/",
        "profile": f"{here}/{user.id}",
    }
