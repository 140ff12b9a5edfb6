"""Orgs to log in to: profiles of every flow, a keyring, and a Salesforce CLI that is none."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from attrs import define, field
from keyring.backend import KeyringBackend

from bulkflow_salesforce.profiles.flow import Flow, Secret
from bulkflow_salesforce.profiles.profile import Profile
from bulkflow_salesforce.profiles.secret_stores import InVariable, SecretReader
from bulkflow_sandbox.login.apps import LOOPBACK, ConnectedApp
from bulkflow_sandbox.login.issued_grants import Grant
from bulkflow_sandbox.login.users import PASSWORD
from bulkflow_sandbox.org import USER_ID, USERNAME
from bulkflow_sandbox.testing import LocalOrg

CLIENT_ID = "3MVG9.test"
CLIENT_SECRET = "marked-client-secret-0815"


class MemoryKeyring(KeyringBackend):
    """A keyring that lasts for a test."""

    priority = 1  # type: ignore[assignment]  # keyring asks for a number

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@define(eq=False)
class DictKeyring:
    """What a login keeps, without the library."""

    kept: dict[str, str] = field(factory=dict)

    def read(self, name: str) -> str | None:
        return self.kept.get(name)

    def write(self, name: str, secret: str) -> None:
        self.kept[name] = secret

    def delete(self, name: str) -> None:
        self.kept.pop(name, None)


def app(public_key: str) -> ConnectedApp:
    return ConnectedApp(CLIENT_ID, CLIENT_SECRET, certificate=public_key, redirect_uris=(LOOPBACK,))


def refresh_token(org: LocalOrg) -> str:
    """A refresh token of the app, as a web login would have given it."""
    return org.sandbox.logins.grants.add_refresh(Grant(CLIENT_ID, USER_ID, "api refresh_token"))


FLOWS = (
    Flow.TOKEN,
    Flow.CLIENT_CREDENTIALS,
    Flow.JWT,
    Flow.REFRESH_TOKEN,
    Flow.AUTH_URL,
    Flow.PASSWORD,
    Flow.CLI,
)
RENEWABLE = tuple(flow for flow in FLOWS if flow is not Flow.TOKEN)


def profile_of(
    flow: Flow, org: LocalOrg, key: str, tmp_path: Path
) -> tuple[Profile, dict[str, str]]:
    """A profile of the flow whose secrets are in the environment, and that environment."""
    token = refresh_token(org)
    values = {
        Secret.ACCESS_TOKEN: org.token,
        Secret.CLIENT_SECRET: CLIENT_SECRET,
        Secret.PRIVATE_KEY: key,
        Secret.REFRESH_TOKEN: token,
        Secret.AUTH_URL: f"force://{CLIENT_ID}:{CLIENT_SECRET}:{token}@{org.instance}",
        Secret.PASSWORD: PASSWORD,
    }
    used = {
        Flow.TOKEN: (Secret.ACCESS_TOKEN,),
        Flow.CLIENT_CREDENTIALS: (Secret.CLIENT_SECRET,),
        Flow.JWT: (Secret.PRIVATE_KEY,),
        Flow.REFRESH_TOKEN: (Secret.REFRESH_TOKEN, Secret.CLIENT_SECRET),
        Flow.AUTH_URL: (Secret.AUTH_URL,),
        Flow.PASSWORD: (Secret.PASSWORD, Secret.CLIENT_SECRET),
        Flow.CLI: (),
    }[flow]
    environ = {f"TEST_{kind.name}": values[kind] for kind in used}
    environ["PATH"] = f"{fake_cli(tmp_path, org)}{os.pathsep}{os.environ['PATH']}"
    profile = Profile(
        "prod",
        flow,
        login_url=org.url,
        instance_url=org.url,
        client_id=CLIENT_ID,
        username=USERNAME,
        target_org="prod",
        secrets={kind: InVariable(f"TEST_{kind.name}") for kind in used},
    )
    return profile, environ


def fake_cli(folder: Path, org: LocalOrg, *, redacts: bool = True) -> Path:
    """A folder with a program `sf` that answers as the Salesforce CLI does.

    A line of `tokens` is used up by each login; the last one stays.
    """
    home = folder / "fake-cli"
    home.mkdir(exist_ok=True)
    tokens = home / "tokens"
    if not tokens.exists():
        tokens.write_text(org.token + "\n")

    def answer(result: dict[str, str]) -> str:
        return json.dumps({"status": 0, "result": result, "warnings": []})

    token = "TOKEN"
    hidden = "[REDACTED] Use 'sf org auth show-access-token' to view"
    shown = {"instanceUrl": org.url, "apiVersion": "66.0"}
    (home / "display").write_text(answer({**shown, "accessToken": hidden if redacts else token}))
    (home / "show").write_text(answer({"accessToken": token}))
    unknown = {"name": "NamedOrgNotFoundError", "message": "No authorization information found."}
    (home / "unknown").write_text(json.dumps(unknown))
    program = home / "sf"
    program.write_text(
        f"""#!/bin/sh
cd {shlex.quote(str(home))}
echo "$@" >> asked
case "$*" in
  "org display --target-org prod --json") said=display ;;
  "org auth show-access-token --target-org prod --json") said=show ;;
  *) cat unknown; exit 1 ;;
esac
sed "s/TOKEN/$(head -n 1 tokens)/" $said
"""
    )
    program.chmod(0o755)
    return home


def secrets_of(environ: Mapping[str, str], vault: DictKeyring | None = None) -> SecretReader:
    return SecretReader(environ, vault or DictKeyring())
