"""`bulkflow org test`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from bulkflow_salesforce.commands.io import get_command_io
from bulkflow_salesforce.http.errors import SalesforceError
from bulkflow_salesforce.http.network import Network
from bulkflow_salesforce.http.org_address import OrgAddress
from bulkflow_salesforce.http.session import Session
from bulkflow_salesforce.login.open_org import DEFAULT, open_org

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow_salesforce.http.echo_filter import JsonValue

_LIMITS = {
    "DailyApiRequests": "API requests",
    "DailyBulkApiBatches": "bulk batches",
    "DailyBulkV2QueryJobs": "query jobs",
}


@click.command("test")
@click.argument("name", default=DEFAULT)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object to stdout.")
@click.pass_context
def check_org(context: click.Context, name: str, as_json: bool) -> int:
    """Log in to an org, and show its user, versions and limits. Changes nothing.

    NAME is an org or `env`; without it, the default org is tested.
    """
    io = get_command_io(context)
    org = open_org(name, io.environ)
    address = OrgAddress(org.instance_url, org.api_version)
    with Session(address, org.tokens, network=Network.of(io.environ)) as session:
        # The first request needs the token, and every user is allowed to send it.
        session.get(session.build_path())
        limits, remark = _fetch_limits(session)
        found: dict[str, Any] = {
            "org": org.name,
            "instance-url": address.instance_url,
            "api-version": address.api_version,
            "newest-version": _fetch_newest_version(session),
            "user": _fetch_user(session),
            "limits": {
                name: {"left": left, "of": most}
                for name in _LIMITS
                if (pair := _parse_limit(limits.get(name))) is not None
                for left, most in [pair]
            },
            "remarks": [] if remark is None else [remark],
        }
    if as_json:
        io.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")
        return 0
    io.stdout.write(_format_text(found))
    return 0


def _format_text(found: Mapping[str, Any]) -> str:
    lines = [
        f"org       {found['org']}",
        f"address   {found['instance-url']}",
        f"user      {found['user'] or 'unknown'}",
        f"version   {found['api-version']} (newest of the org: {found['newest-version'] or '?'})",
    ]
    for name, pair in found["limits"].items():
        lines.append(f"{pair['left']:>11,} of {pair['of']:,} {_LIMITS[name]} left today")
    lines += [f"note      {remark}" for remark in found["remarks"]]
    return "\n".join(lines) + "\n"


def _fetch_limits(session: Session) -> tuple[Mapping[str, JsonValue], str | None]:
    """Fetch the org's limits; a user without the permission can still load data."""
    try:
        return session.get(session.build_path("limits")).parse_object(), None
    except SalesforceError as error:
        return {}, f"this user cannot read the org's limits: {error.message}"


def _fetch_newest_version(session: Session) -> str | None:
    versions = session.get("/services/data").parse_json()
    if not isinstance(versions, list):
        return None
    found = [each.get("version") for each in versions if isinstance(each, dict)]
    texts = [each for each in found if isinstance(each, str) and each.partition(".")[0].isdigit()]
    return max(texts, key=lambda each: int(each.partition(".")[0]), default=None)


def _fetch_user(session: Session) -> str | None:
    """Fetch the username; None if the token's scopes do not allow it."""
    try:
        content = session.get("/services/oauth2/userinfo").parse_object()
    except SalesforceError:
        return None
    name = content.get("preferred_username")
    return name if isinstance(name, str) else None


def _parse_limit(value: object) -> tuple[int, int] | None:

    if not isinstance(value, dict):
        return None
    left, most = value.get("Remaining"), value.get("Max")
    return (left, most) if isinstance(left, int) and isinstance(most, int) else None
