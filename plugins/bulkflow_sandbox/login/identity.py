"""The bodies of the identity and userinfo resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow_sandbox.core.dates import format_json_moment

if TYPE_CHECKING:
    from bulkflow_sandbox.login.users import User

Body = dict[str, object]


def build_identity_url(instance_url: str, org_id: str, user_id: str) -> str:
    """Build the identity URL of a user."""
    return f"{instance_url}/id/{org_id}/{user_id}"


def build_userinfo(user: User, instance_url: str, org_id: str) -> Body:
    """Build the body of `/services/oauth2/userinfo`."""
    return {
        "sub": build_identity_url(instance_url, org_id, user.id),
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
        "profile": f"{instance_url}/{user.id}",
        "urls": _build_urls(user, instance_url, org_id),
        "active": True,
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_US",
        "utcOffset": 0,
        "updated_at": format_json_moment(user.modified),
    }


def build_identity(user: User, instance_url: str, org_id: str) -> Body:
    """Build the body of the identity URL, `/id/{org}/{user}`."""
    return {
        "id": build_identity_url(instance_url, org_id, user.id),
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
        "urls": _build_urls(user, instance_url, org_id),
        "active": True,
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_US",
        "utcOffset": 0,
        "last_modified_date": format_json_moment(user.modified),
    }


def _build_urls(user: User, instance_url: str, org_id: str) -> dict[str, str]:
    """Build the URLs of the APIs. The client fills in `{version}`."""
    data = f"{instance_url}/services/data/v{{version}}"
    return {
        "partner": f"{instance_url}/services/Soap/u/{{version}}/{org_id}",
        "rest": f"{data}/",
        "sobjects": f"{data}/sobjects/",
        "query": f"{data}/query/",
        "profile": f"{instance_url}/{user.id}",
    }
