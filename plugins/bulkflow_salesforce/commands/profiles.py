"""`bulkflow org list`, `show`, `default` and `logout`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from bulkflow.errors import BulkflowError, UsageError
from bulkflow_salesforce.commands.io import say, surroundings_of
from bulkflow_salesforce.http.network import Network
from bulkflow_salesforce.login.auth_url import AuthUrl
from bulkflow_salesforce.login.endpoint import TokenEndpoint
from bulkflow_salesforce.profiles.flow import Secret
from bulkflow_salesforce.profiles.keyring import SystemKeyring
from bulkflow_salesforce.profiles.secret_stores import InKeyring, Secrets
from bulkflow_salesforce.profiles.store import folder_of

if TYPE_CHECKING:
    from bulkflow_salesforce.http.origin import Origin
    from bulkflow_salesforce.profiles.profile import Profile

# The secrets that a login host can end.
_ENDABLE = (Secret.REFRESH_TOKEN, Secret.AUTH_URL)


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array on stdout.")
@click.pass_context
def list_orgs(context: click.Context, as_json: bool) -> int:
    """List the orgs that have names; the default one is marked."""
    world = surroundings_of(context)
    folder = folder_of(world.environ)
    chosen, rows = folder.default(), []
    for name in folder.names():
        row: dict[str, object] = {"name": name, "default": name == chosen}
        try:
            profile = folder.read(name)
        except UsageError as error:
            row["error"] = error.message
        else:
            row |= {"flow": profile.flow.value} | profile.settings()
        rows.append(row)
    if as_json:
        world.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
        return 0
    for row in rows:
        where = row.get("instance-url") or row.get("login-url") or row.get("target-org") or ""
        words = row.get("error") or f"{row['flow']}  {where}"
        world.stdout.write(f"{'*' if row['default'] else ' '} {row['name']:<20}  {words}\n")
    if not rows:
        say(world, "no orgs yet; `bulkflow org login NAME` makes one known")
    return 0


@click.command("show")
@click.argument("name")
@click.pass_context
def show(context: click.Context, name: str) -> int:
    """Show how an org is logged in to, and where its secrets are; never the secrets."""
    world = surroundings_of(context)
    world.stdout.write(folder_of(world.environ).read(name).document())
    return 0


@click.command("default")
@click.argument("name", required=False)
@click.pass_context
def default(context: click.Context, name: str | None) -> int:
    """Choose what `org default` stands for; without NAME, say what it is."""
    world = surroundings_of(context)
    folder = folder_of(world.environ)
    if name is not None:
        folder.set_default(name)
        say(world, f"`org default` is {name}")
        return 0
    chosen = folder.default()
    if chosen is None:
        raise UsageError(
            "no org is the default yet", help="choose one: `bulkflow org default NAME`"
        )
    world.stdout.write(chosen + "\n")
    return 0


@click.command("logout")
@click.argument("name")
@click.option(
    "--keep-token", is_flag=True, help="Do not end the tokens at the org, only forget them."
)
@click.pass_context
def logout(context: click.Context, name: str, keep_token: bool) -> int:
    """End the tokens that bulkflow was given, and forget the org's name and secrets.

    What is kept in variables and files, and the logins of the Salesforce CLI, stay as they are.
    """
    world = surroundings_of(context)
    folder = folder_of(world.environ)
    profile = folder.read(name)
    vault = SystemKeyring()
    if not keep_token:
        try:
            _revoke(profile, Secrets(world.environ, vault), Network.of(world.environ))
        except BulkflowError as error:
            say(world, f"the token was not ended at the org: {error.message}")
    for secret, place in profile.secrets.items():
        if isinstance(place, InKeyring):
            vault.delete(profile.secret_name(secret))
    folder.delete(name)
    say(world, f"{name} is forgotten")
    return 0


def _revoke(profile: Profile, secrets: Secrets, network: Network) -> None:
    """End the refresh token that is in the keyring; one from elsewhere may be others' as well."""
    for secret in _ENDABLE:
        place = profile.place(secret)
        if not isinstance(place, InKeyring):
            continue
        value = secrets.read(place, profile.secret_name(secret))
        origin: Origin = profile.login
        if secret is Secret.AUTH_URL:
            url = AuthUrl.parse(value)
            value, origin = url.refresh_token, url.origin
        with TokenEndpoint(origin, network) as endpoint:
            endpoint.revoke(value)
