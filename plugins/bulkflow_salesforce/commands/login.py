"""`bulkflow org login`: tries a login, and keeps how it was done once it has worked."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click
from attrs import evolve

from bulkflow.errors import UsageError
from bulkflow_salesforce.commands.io import Surroundings, say, surroundings_of
from bulkflow_salesforce.commands.secret_prompts import PendingVault, with_secrets
from bulkflow_salesforce.http.network import Network
from bulkflow_salesforce.http.org_address import OrgAddress
from bulkflow_salesforce.http.origin import TEST_HOST
from bulkflow_salesforce.http.session import Session
from bulkflow_salesforce.http.tokens import StaticToken
from bulkflow_salesforce.login.device import DeviceLogin
from bulkflow_salesforce.login.endpoint import TokenAnswer, TokenEndpoint
from bulkflow_salesforce.login.token_flows import Login
from bulkflow_salesforce.login.web import DEFAULT_PORT, MAY_BLOCK, WebLogin
from bulkflow_salesforce.profiles.flow import NEEDS, Flow, Secret
from bulkflow_salesforce.profiles.keyring import SystemKeyring
from bulkflow_salesforce.profiles.names import checked_name
from bulkflow_salesforce.profiles.patience import read_patience
from bulkflow_salesforce.profiles.profile import DEFAULT_CLIENT_ID, Profile
from bulkflow_salesforce.profiles.secret_stores import Secrets
from bulkflow_salesforce.profiles.store import folder_of

if TYPE_CHECKING:
    from bulkflow_salesforce.profiles.store import ProfileFolder


def _flows() -> str:
    return "\n".join(f"  {flow.value:<19} {needs.about}" for flow, needs in NEEDS.items())


@click.command(
    "login",
    epilog="\b\nFlows:\n" + _flows() + "\n\n\b\nKinds of secrets:\n  " + ", ".join(Secret),
)
@click.argument("name")
@click.option("--flow", type=click.Choice([flow.value for flow in Flow]), help="How to log in.")
@click.option("--login-url", metavar="URL", help="Where to log in: best the org's own My Domain.")
@click.option("--sandbox", is_flag=True, help=f"Log in at {TEST_HOST}.")
@click.option("--instance-url", metavar="URL", help="The org's own address, for the flow `token`.")
@click.option("--client-id", metavar="KEY", help="The app's consumer key.")
@click.option("--username", metavar="NAME", help="The user, for the flows `jwt` and `password`.")
@click.option("--target-org", metavar="ALIAS", help="The org's alias in the Salesforce CLI.")
@click.option(
    "--key-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The private key in PEM, for the flow `jwt`; it stays where it is.",
)
@click.option("--audience", "audiences", multiple=True, metavar="URL", help="For the flow `jwt`.")
@click.option("--api-version", metavar="VERSION", help="Such as 66.0.")
@click.option(
    "--compress/--no-compress",
    "compression",
    default=None,
    help="Send rows to it compressed, where a job does not say.",
)
@click.option(
    "--patience",
    metavar="DURATION",
    help="How long trouble of the org is waited out, where a job does not say, such as 15m.",
)
@click.option(
    "--secret",
    "placed",
    multiple=True,
    metavar="KIND=PLACE",
    help="Where a secret is: `env:NAME`, `file:PATH`, or `stdin` to keep it in the keyring;"
    " without it, or with `keyring`, it is asked for. Secrets never stand on the command line.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="The port of the app's callback URL http://localhost:PORT/OauthRedirect.",
)
@click.option("--no-browser", is_flag=True, help="Show the login page's address, and open nothing.")
@click.option("--unchecked", is_flag=True, help="Keep the profile without a login to try it.")
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
    placed: tuple[str, ...],
    port: int,
    no_browser: bool,
    unchecked: bool,
    **given: str | None,
) -> int:
    """Log in to an org, and give it the NAME that may stand after `org`.

    What is not given is as it was when NAME was logged in to before. The profile says how to log in
    and where the secrets are; secrets go to the keyring of this machine, or stay in the variables
    and files that are named.
    """
    world = surroundings_of(context)
    folder = folder_of(world.environ)
    if sandbox:
        given["login_url"] = given["login_url"] or f"https://{TEST_HOST}"
    profile = _planned(folder, checked_name(name), flow, given)
    profile = evolve(profile, audiences=audiences or profile.audiences)
    if compression is not None:
        profile = evolve(profile, compression=compression)
    if patience is not None:
        profile = evolve(profile, patience=read_patience(patience, "--patience"))
    vault = PendingVault(SystemKeyring())
    profile = with_secrets(profile, placed, key_file, world, vault)
    network = Network.of(world.environ)
    answer: TokenAnswer | None
    if NEEDS[profile.flow].made and not unchecked:
        profile.check_settings()
        answer = _by_hand(profile, world, vault, network, port=port, no_browser=no_browser)
    else:
        profile.check()
        tried = Login(profile, Secrets(world.environ, vault), network)
        answer = None if unchecked else tried.answer()
    if answer is not None:
        profile = evolve(profile, instance_url=answer.instance_url)
        _use(answer, profile.api_version, network)
        say(world, f"logged in to {answer.instance_url}")
    profile.check()
    vault.commit()
    path = folder.write(profile)
    say(world, f"org {profile.name} is in {path}; a file uses it with `org {profile.name}`")
    return 0


def _planned(
    folder: ProfileFolder, name: str, flow: str | None, given: dict[str, str | None]
) -> Profile:
    """The profile as it was before, if it was, with what was given now."""
    before = folder.read(name) if name in folder.names() else None
    profile = before or Profile(name, Flow.WEB)
    if flow is not None and Flow(flow) is not profile.flow:
        # The secrets of one flow are of no use to another.
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
    # Not for device logins: orgs block those of apps that are not installed, whoever the user is.
    if profile.flow is Flow.WEB and profile.client_id is None:
        profile = evolve(profile, client_id=DEFAULT_CLIENT_ID)
    if profile.flow is Flow.CLIENT_CREDENTIALS and profile.login_url is None:
        profile = evolve(profile, login_url=profile.instance_url)
    return profile


def _use(answer: TokenAnswer, api_version: str, network: Network) -> None:
    """See that the org takes the token, and has the API in that version."""
    address = OrgAddress(answer.instance_url, api_version)
    with Session(address, StaticToken(answer.access_token), network=network) as session:
        session.get(session.path())


def _by_hand(
    profile: Profile,
    world: Surroundings,
    vault: PendingVault,
    network: Network,
    *,
    port: int,
    no_browser: bool,
) -> TokenAnswer:
    """A login that the user does in a browser; its refresh token is pending."""
    place = profile.place(Secret.CLIENT_SECRET)
    secret = (
        ""
        if place is None
        else Secrets(world.environ, vault).read(place, profile.secret_name(Secret.CLIENT_SECRET))
    )
    client_id = profile.client_id or DEFAULT_CLIENT_ID

    def show_page(page: str) -> None:
        say(world, f"log in here:\n{page}\n{MAY_BLOCK}")
        if not no_browser:
            webbrowser.open(page)

    def show_code(page: str, code: str) -> None:
        say(world, f"open {page} in any browser, and type the code {code}")

    with TokenEndpoint(profile.login, network) as endpoint:
        if profile.flow is Flow.DEVICE:
            answer = DeviceLogin(endpoint, client_id, secret, show_code).log_in()
        else:
            answer = WebLogin(endpoint, client_id, secret, show_page, port).log_in()
    if answer.refresh_token is None:
        raise UsageError(
            f"{profile.login.host} gave no refresh token, so the login would end with its session",
            help="add the scope `Perform requests at any time (refresh_token)` to the app",
        )
    vault.write(profile.secret_name(Secret.REFRESH_TOKEN), answer.refresh_token)
    return answer
