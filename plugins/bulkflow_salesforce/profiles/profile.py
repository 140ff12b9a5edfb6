"""A profile: an org's name, and how it is logged in to."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from bulkflow.errors import UsageError
from bulkflow_salesforce.http.org_address import DEFAULT_API_VERSION, OrgAddress
from bulkflow_salesforce.http.origin import LOGIN_HOST, Origin
from bulkflow_salesforce.profiles.flow import NEEDS, Flow, Secret
from bulkflow_salesforce.profiles.names import checked_name
from bulkflow_salesforce.profiles.patience import read_patience, write_patience
from bulkflow_salesforce.profiles.secret_stores import Place, read_place

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_CLIENT_ID: Final = "PlatformCLI"
"""The app that every org knows, for web logins: the one of the Salesforce CLI."""

_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_TEXTS: Final = ("login-url", "instance-url", "client-id", "username", "target-org")


@frozen
class Profile:
    """An org that a user has named. It holds no secret: only where each one is.

    Attributes:
        name: The word after `org`.
        flow: How a token is had.
        login_url: Where it is asked for; production's login host if not given.
        instance_url: The org's own address, as far as it is known; the flow `token` goes by it.
        api_version: Such as `66.0`.
        client_id: The app's consumer key.
        username: The user's.
        target_org: The alias or username by which the Salesforce CLI knows the org.
        audiences: For whom JWT assertions are made out, tried in this order; none for the usual.
        secrets: Where the secrets are.
        compression: Whether rows are sent to it compressed, where a job does not say.
        patience: For how many seconds trouble of the org is waited out, where a job does not say.
    """

    name: str = field(converter=checked_name)
    flow: Flow
    login_url: str | None = None
    instance_url: str | None = None
    api_version: str = DEFAULT_API_VERSION
    client_id: str | None = None
    username: str | None = None
    target_org: str | None = None
    audiences: tuple[str, ...] = ()
    secrets: Mapping[Secret, Place] = field(factory=dict)
    compression: bool = False
    patience: float | None = None

    @property
    def login(self) -> Origin:
        """Where tokens are asked for."""
        return Origin(self.login_url or f"https://{LOGIN_HOST}")

    def place(self, secret: Secret) -> Place | None:
        """Where a secret is."""
        return self.secrets.get(secret)

    def secret_name(self, secret: Secret) -> str:
        """The name of a secret, in the keyring and in messages."""
        return f"{self.name}/{secret.value}"

    def check(self) -> None:
        """See that the flow has what it needs, and that addresses can be used.

        Raises:
            UsageError: Something is missing or wrong.
        """
        self.check_settings()
        for secret in NEEDS[self.flow].secrets:
            if secret not in self.secrets:
                raise UsageError(
                    f"org {self.name} does not say where its {secret} is",
                    help=f"log in again: `bulkflow org login {self.name}`",
                )
        if self.login_url is not None:
            Origin(self.login_url)
        if self.instance_url is not None:
            OrgAddress(self.instance_url, self.api_version)
        if self.flow is Flow.CLIENT_CREDENTIALS and self.login.hostname.split(".")[0] in {
            "login",
            "test",
        }:
            raise UsageError(
                f"{self.login.host} gives no token for client credentials",
                help="give the org's own address, such as https://mydomain.my.salesforce.com,"
                " with --login-url",
            )

    def check_settings(self) -> None:
        """See that the flow has the settings that it needs.

        Raises:
            UsageError: One is missing.
        """
        values = self.settings()
        for setting in NEEDS[self.flow].settings:
            if setting not in values:
                raise UsageError(
                    f"org {self.name} has no {setting}, which the flow {self.flow} needs",
                    help=f"bulkflow org login {self.name} --flow {self.flow} --{setting} ...",
                )

    def settings(self) -> dict[str, str]:
        """The settings that are there, under their names in the file."""
        values = {
            "login-url": self.login_url,
            "instance-url": self.instance_url,
            "api-version": self.api_version,
            "client-id": self.client_id,
            "username": self.username,
            "target-org": self.target_org,
        }
        return {name: value for name, value in values.items() if value}

    def document(self) -> str:
        """The profile as TOML."""
        lines = [f"flow = {_quoted(self.flow)}"]
        lines += [f"{name} = {_quoted(value)}" for name, value in self.settings().items()]
        if self.audiences:
            lines.append(f"audiences = [{', '.join(map(_quoted, self.audiences))}]")
        if self.compression:
            lines.append("compression = true")
        if self.patience is not None:
            lines.append(f"patience = {_quoted(write_patience(self.patience))}")
        if self.secrets:
            lines += ["", "# Where the secrets are; the secrets themselves never stand here."]
            lines.append("[secrets]")
            lines += [f"{kind} = {_quoted(str(place))}" for kind, place in self.secrets.items()]
        return "\n".join(lines) + "\n"

    @classmethod
    def read(cls, name: str, content: Mapping[str, object]) -> Profile:
        """A profile from the content of its file.

        Raises:
            UsageError: It cannot be understood; the message says what, and shows no value.
        """
        known = {"flow", "api-version", "audiences", "compression", "patience", "secrets", *_TEXTS}
        for key in content:
            if key not in known:
                raise _wrong(name, f"the setting {key[:40]!a} is not known")
        flow = content.get("flow")
        if not isinstance(flow, str) or flow not in set(Flow):
            raise _wrong(name, f"`flow` is none of {', '.join(Flow)}")
        texts: dict[str, str | None] = {}
        for key in (*_TEXTS, "api-version"):
            value = content.get(key)
            if value is not None and (not isinstance(value, str) or _CONTROLS.search(value)):
                raise _wrong(name, f"`{key}` is no text in one line")
            texts[key] = value
        audiences = content.get("audiences", [])
        if not isinstance(audiences, list) or not all(isinstance(a, str) for a in audiences):
            raise _wrong(name, "`audiences` is no list of addresses")
        compression = content.get("compression", False)
        if not isinstance(compression, bool):
            raise _wrong(name, "`compression` is neither true nor false")
        patience = content.get("patience")
        if patience is not None and not isinstance(patience, str):
            raise _wrong(name, '`patience` is not a text such as "15m"')
        return cls(
            name,
            Flow(flow),
            texts["login-url"],
            texts["instance-url"],
            texts["api-version"] or DEFAULT_API_VERSION,
            texts["client-id"],
            texts["username"],
            texts["target-org"],
            tuple(audiences),
            _places(name, content.get("secrets", {})),
            compression,
            None if patience is None else read_patience(patience, f"`patience` of org {name}"),
        )


def _places(name: str, content: object) -> dict[Secret, Place]:
    if not isinstance(content, dict):
        raise _wrong(name, "`secrets` is no table")
    places: dict[Secret, Place] = {}
    for kind, place in content.items():
        if kind not in set(Secret):
            raise _wrong(name, f"the secret {kind[:40]!a} is not known")
        try:
            places[Secret(kind)] = read_place(place if isinstance(place, str) else "")
        except UsageError as error:
            raise _wrong(name, f"`{kind}` does not say where the secret is") from error
    return places


def _wrong(name: str, what: str) -> UsageError:
    return UsageError(
        f"the profile of org {name} cannot be understood: {what}",
        help="write places of secrets as `keyring`, `env:NAME` or `file:PATH`, or make the profile"
        f" anew: `bulkflow org login {name}`",
    )


def _quoted(text: str) -> str:
    # JSON's strings are TOML's, but for characters beyond the 16-bit plane, which stay as they are.
    return json.dumps(text, ensure_ascii=False)
