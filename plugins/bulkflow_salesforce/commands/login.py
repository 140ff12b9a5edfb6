"""`bulkflow org login`: logs in, and saves the profile if that succeeds."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click
from attrs import evolve

from bulkflow.errors import UsageError
from bulkflow_salesforce.commands.io import CommandIO, get_command_io, say
from bulkflow_salesforce.commands.secret_prompts import PendingKeyring, collect_secrets
from bulkflow_salesforce.http.network import Network
from bulkflow_salesforce.http.org_address import OrgAddress
from bulkflow_salesforce.http.origin import TEST_HOST
from bulkflow_salesforce.http.session import Session
from bulkflow_salesforce.http.tokens import StaticToken
from bulkflow_salesforce.login.device import DeviceLogin
from bulkflow_salesforce.login.endpoint import TokenEndpoint, TokenResponse
from bulkflow_salesforce.login.token_flows import Login
from bulkflow_salesforce.login.web import BLOCKED_APP_HINT, DEFAULT_PORT, WebLogin
from bulkflow_salesforce.profiles.flow import REQUIREMENTS, Flow, Secret
from bulkflow_salesforce.profiles.keyring import SystemKeyring
from bulkflow_salesforce.profiles.names import check_name
from bulkflow_salesforce.profiles.patience import parse_patience
from bulkflow_salesforce.profiles.profile import DEFAULT_CLIENT_ID, Profile
from bulkflow_salesforce.profiles.secret_stores import SecretReader
from bulkflow_salesforce.profiles.store import find_store

if TYPE_CHECKING:
    from bulkflow_salesforce.profiles.store import ProfileStore


def _list_flows() -> str:
    return "\n".join(
        f"  {flow.value:<19} {required.summary}" for flow, required in REQUIREMENTS.items()
    )


@click.command(
    "login",
    epilog="\b\nFlows:\n" + _list_flows() + "\n\n\b\nKinds of secrets:\n  " + ", ".join(Secret),
)
@click.argument("name")
@click.option("--flow", type=click.Choice([flow.value for flow in Flow]), help="How to log in.")
@click.option("--login-url", metavar="URL", help="The login host, preferably the org's My Domain.")
@click.option("--sandbox", is_flag=True, help=f"Log in at {TEST_HOST}.")
@click.option("--instance-url", metavar="URL", help="The org's own address, for the flow `token`.")
@click.option("--client-id", metavar="KEY", help="The app's consumer key.")
@click.option("--username", metavar="NAME", help="The user, for the flows `jwt` and `password`.")
@click.option("--target-org", metavar="ALIAS", help="The org's alias in the Salesforce CLI.")
@click.option(
    "--key-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The private key in PEM, for the flow `jwt`; it is not copied.",
)
@click.option("--audience", "audiences", multiple=True, metavar="URL", help="For the flow `jwt`.")
@click.option("--api-version", metavar="VERSION", help="Such as 66.0.")
@click.option(
    "--compress/--no-compress",
    "compression",
    default=None,
    help="Whether jobs send rows compressed by default.",
)
@click.option(
    "--patience",
    metavar="DURATION",
    help="How long jobs wait out failures of the org by default, such as 15m.",
)
@click.option(
    "--secret",
    "secret_options",
    multiple=True,
    metavar="KIND=PLACE",
    help="The location of a secret: `env:NAME`, `file:PATH`, or `stdin` to store it in the keyring."
    " Without this option, or with `keyring`, you are asked for the secret. Never write secrets on"
    " the command line.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="The port of the app's callback URL http://localhost:PORT/OauthRedirect.",
)
@click.option("--no-browser", is_flag=True, help="Show the address of the login page only.")
@click.option("--unchecked", is_flag=True, help="Save the profile without trying it.")
@click.pass_context
def login(
    context: click.Context,
    /,
    name: str,
    *,
    flow: str | None,
    sandbox: bool,
    key_file: Path | None,
    audiences: tuple[str, ...],
    compression: bool | None,
    patience: str | None,
    secret_options: tuple[str, ...],
    port: int,
    no_browser: bool,
    unchecked: bool,
    **given: str | None,
) -> int:
    """Log in to an org, and save it under a NAME for `org NAME` in pipelines.

    Options that you leave out keep their values from the last login to NAME. The profile contains
    how to log in, and the locations of the secrets. Secrets are stored in the keyring of this
    machine, or stay in the variables and files that you choose.
    """
    io = get_command_io(context)
    store = find_store(io.environ)
    if sandbox:
        given["login_url"] = given["login_url"] or f"https://{TEST_HOST}"
    profile = _merge_settings(store, check_name(name), flow, given)
    profile = evolve(profile, audiences=audiences or profile.audiences)
    if compression is not None:
        profile = evolve(profile, compression=compression)
    if patience is not None:
        profile = evolve(profile, patience=parse_patience(patience, "--patience"))
    keyring = PendingKeyring(SystemKeyring())
    profile = collect_secrets(profile, secret_options, key_file, io, keyring)
    network = Network.of(io.environ)
    response: TokenResponse | None
    if REQUIREMENTS[profile.flow].creates_refresh_token and not unchecked:
        profile.check_settings()
        response = _log_in_with_browser(
            profile, io, keyring, network, port=port, no_browser=no_browser
        )
    else:
        profile.check()
        attempt = Login(profile, SecretReader(io.environ, keyring), network)
        response = None if unchecked else attempt.log_in()
    if response is not None:
        profile = evolve(profile, instance_url=response.instance_url)
        _check_token(response, profile.api_version, network)
        say(io, f"logged in to {response.instance_url}")
    profile.check()
    keyring.commit()
    path = store.write(profile)
    say(io, f"saved org {profile.name} in {path}; use it in a pipeline with `org {profile.name}`")
    return 0


def _merge_settings(
    store: ProfileStore, name: str, flow: str | None, given: dict[str, str | None]
) -> Profile:
    """Merge the options into the profile of the last login, if there is one."""
    before = store.read(name) if name in store.list_names() else None
    profile = before or Profile(name, Flow.WEB)
    if flow is not None and Flow(flow) is not profile.flow:
        # Another flow cannot use the secrets.
        profile = evolve(profile, flow=Flow(flow), secrets={})
    profile = evolve(
        profile,
        login_url=given["login_url"] or profile.login_url,
        instance_url=given["instance_url"] or profile.instance_url,
        api_version=given["api_version"] or profile.api_version,
        client_id=given["client_id"] or profile.client_id,
        username=given["username"] or profile.username,
        target_org=given["target_org"] or profile.target_org,
    )
    # Not for device logins: orgs block them for apps that are not installed.
    if profile.flow is Flow.WEB and profile.client_id is None:
        profile = evolve(profile, client_id=DEFAULT_CLIENT_ID)
    if profile.flow is Flow.CLIENT_CREDENTIALS and profile.login_url is None:
        profile = evolve(profile, login_url=profile.instance_url)
    return profile


def _check_token(response: TokenResponse, api_version: str, network: Network) -> None:
    """Check that the org accepts the token and supports the API version."""
    address = OrgAddress(response.instance_url, api_version)
    with Session(address, StaticToken(response.access_token), network=network) as session:
        session.get(session.build_path())


def _log_in_with_browser(
    profile: Profile,
    io: CommandIO,
    keyring: PendingKeyring,
    network: Network,
    *,
    port: int,
    no_browser: bool,
) -> TokenResponse:
    """Let the user log in with a browser, and keep the refresh token in the pending keyring."""
    location = profile.find_secret(Secret.CLIENT_SECRET)
    name = profile.format_secret_name(Secret.CLIENT_SECRET)
    secret = "" if location is None else SecretReader(io.environ, keyring).read(location, name)
    client_id = profile.client_id or DEFAULT_CLIENT_ID

    def show_page(page: str) -> None:
        say(io, f"log in here:\n{page}\n{BLOCKED_APP_HINT}")
        if not no_browser:
            webbrowser.open(page)

    def show_code(page: str, code: str) -> None:
        say(io, f"open {page} in any browser, and type the code {code}")

    with TokenEndpoint(profile.login_origin, network) as endpoint:
        if profile.flow is Flow.DEVICE:
            response = DeviceLogin(endpoint, client_id, secret, show_code).log_in()
        else:
            response = WebLogin(endpoint, client_id, secret, show_page, port).log_in()
    if response.refresh_token is None:
        raise UsageError(
            f"{profile.login_origin.host} issued no refresh token, so the login would expire with"
            " its session",
            help="add the scope `Perform requests at any time (refresh_token)` to the app",
        )
    keyring.write(profile.format_secret_name(Secret.REFRESH_TOKEN), response.refresh_token)
    return response
