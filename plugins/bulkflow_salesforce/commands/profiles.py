"""`bulkflow org list`, `show`, `default` and `logout`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from bulkflow.errors import BulkflowError, UsageError
from bulkflow_salesforce.commands.io import get_command_io, say
from bulkflow_salesforce.http.network import Network
from bulkflow_salesforce.login.auth_url import AuthUrl
from bulkflow_salesforce.login.endpoint import TokenEndpoint
from bulkflow_salesforce.profiles.flow import Secret
from bulkflow_salesforce.profiles.keyring import SystemKeyring
from bulkflow_salesforce.profiles.secret_stores import InKeyring, SecretReader
from bulkflow_salesforce.profiles.store import find_store

if TYPE_CHECKING:
    from bulkflow_salesforce.http.origin import Origin
    from bulkflow_salesforce.profiles.profile import Profile

# The secrets that a login host can revoke.
_REVOCABLE = (Secret.REFRESH_TOKEN, Secret.AUTH_URL)


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON array to stdout.")
@click.pass_context
def list_orgs(context: click.Context, as_json: bool) -> int:
    """List the named orgs, with a mark at the default one."""
    io = get_command_io(context)
    store = find_store(io.environ)
    chosen, rows = store.read_default(), []
    for name in store.list_names():
        row: dict[str, object] = {"name": name, "default": name == chosen}
        try:
            profile = store.read(name)
        except UsageError as error:
            row["error"] = error.message
        else:
            row |= {"flow": profile.flow.value} | profile.list_settings()
        rows.append(row)
    if as_json:
        io.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
        return 0
    for row in rows:
        where = row.get("instance-url") or row.get("login-url") or row.get("target-org") or ""
        words = row.get("error") or f"{row['flow']}  {where}"
        io.stdout.write(f"{'*' if row['default'] else ' '} {row['name']:<20}  {words}\n")
    if not rows:
        say(io, "no orgs yet; add one with `bulkflow org login NAME`")
    return 0


@click.command("show")
@click.argument("name")
@click.pass_context
def show(context: click.Context, name: str) -> int:
    """Show how to log in to an org, and where its secrets are, but never the secrets."""
    io = get_command_io(context)
    io.stdout.write(find_store(io.environ).read(name).to_toml())
    return 0


@click.command("default")
@click.argument("name", required=False)
@click.pass_context
def default(context: click.Context, name: str | None) -> int:
    """Make NAME the default org; without NAME, show the default org."""
    io = get_command_io(context)
    store = find_store(io.environ)
    if name is not None:
        store.write_default(name)
        say(io, f"`org default` is {name}")
        return 0
    chosen = store.read_default()
    if chosen is None:
        raise UsageError(
            "there is no default org yet", help="choose one: `bulkflow org default NAME`"
        )
    io.stdout.write(chosen + "\n")
    return 0


@click.command("logout")
@click.argument("name")
@click.option("--keep-token", is_flag=True, help="Only remove the tokens here; do not revoke them.")
@click.pass_context
def logout(context: click.Context, name: str, keep_token: bool) -> int:
    """Revoke an org's tokens, and remove its profile and secrets.

    Secrets in variables and files, and the logins of the Salesforce CLI, are not changed.
    """
    io = get_command_io(context)
    store = find_store(io.environ)
    profile = store.read(name)
    keyring = SystemKeyring()
    if not keep_token:
        try:
            _revoke(profile, SecretReader(io.environ, keyring), Network.of(io.environ))
        except BulkflowError as error:
            say(io, f"the org did not revoke the token: {error.message}")
    for secret, location in profile.secrets.items():
        if isinstance(location, InKeyring):
            keyring.delete(profile.format_secret_name(secret))
    store.delete(name)
    say(io, f"removed org {name}")
    return 0


def _revoke(profile: Profile, secrets: SecretReader, network: Network) -> None:
    """Revoke the refresh token in the keyring; one from elsewhere may have other users."""
    for secret in _REVOCABLE:
        location = profile.find_secret(secret)
        if not isinstance(location, InKeyring):
            continue
        value = secrets.read(location, profile.format_secret_name(secret))
        origin: Origin = profile.login_origin

        if secret is Secret.AUTH_URL:
            url = AuthUrl.parse(value)
            value, origin = url.refresh_token, url.origin
        with TokenEndpoint(origin, network) as endpoint:
            endpoint.revoke(value)
