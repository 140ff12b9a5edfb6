"""`bulkflow org test`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from bulkflow_salesforce.commands.io import surroundings_of
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
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.pass_context
def try_org(context: click.Context, name: str, as_json: bool) -> int:
    """Log in to an org, and show its user, its versions and its limits. Changes nothing.

    NAME is an org, or `env`; without it, the default one.
    """
    world = surroundings_of(context)
    org = open_org(name, world.environ)
    address = OrgAddress(org.instance_url, org.api_version)
    with Session(address, org.tokens, network=Network.of(world.environ)) as session:
        # The first call is one that needs the token and is always allowed.
        session.get(session.path())
        limits, remark = _limits(session)
        found: dict[str, Any] = {
            "org": org.name,
            "instance-url": address.instance_url,
            "api-version": address.api_version,
            "newest-version": _newest(session),
            "user": _user(session),
            "limits": {
                name: {"left": left, "of": most}
                for name in _LIMITS
                if (pair := _pair(limits.get(name))) is not None
                for left, most in [pair]
            },
            "remarks": [] if remark is None else [remark],
        }
    if as_json:
        world.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")
        return 0
    world.stdout.write(_for_people(found))
    return 0


def _for_people(found: Mapping[str, Any]) -> str:
    lines = [
        f"org       {found['org']}",
        f"address   {found['instance-url']}",
        f"user      {found['user'] or 'not told'}",
        f"version   {found['api-version']} (newest of the org: {found['newest-version'] or '?'})",
    ]
    for name, pair in found["limits"].items():
        lines.append(f"{pair['left']:>11,} of {pair['of']:,} {_LIMITS[name]} left today")
    lines += [f"note      {remark}" for remark in found["remarks"]]
    return "\n".join(lines) + "\n"


def _limits(session: Session) -> tuple[Mapping[str, JsonValue], str | None]:
    """Ask for the org's limits; a user of few permissions may not, and loads all the same."""
    try:
        return session.get(session.path("limits")).json_object(), None
    except SalesforceError as error:
        return {}, f"the limits of the org cannot be read by this user: {error.message}"


def _newest(session: Session) -> str | None:
    versions = session.get("/services/data").json()
    if not isinstance(versions, list):
        return None
    found = [each.get("version") for each in versions if isinstance(each, dict)]
    texts = [each for each in found if isinstance(each, str) and each.partition(".")[0].isdigit()]
    return max(texts, key=lambda each: int(each.partition(".")[0]), default=None)


def _user(session: Session) -> str | None:
    """The username, where the token's scopes let it be asked."""
    try:
        content = session.get("/services/oauth2/userinfo").json_object()
    except SalesforceError:
        return None
    name = content.get("preferred_username")
    return name if isinstance(name, str) else None


def _pair(value: object) -> tuple[int, int] | None:
    if not isinstance(value, dict):
        return None
    left, most = value.get("Remaining"), value.get("Max")
    return (left, most) if isinstance(left, int) and isinstance(most, int) else None
