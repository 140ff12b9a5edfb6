"""A profile: the name of an org, and how to log in to it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from bulkflow.errors import UsageError
from bulkflow_salesforce.http.org_address import DEFAULT_API_VERSION, OrgAddress
from bulkflow_salesforce.http.origin import LOGIN_HOST, Origin
from bulkflow_salesforce.profiles.flow import REQUIREMENTS, Flow, Secret
from bulkflow_salesforce.profiles.names import check_name
from bulkflow_salesforce.profiles.patience import format_patience, parse_patience
from bulkflow_salesforce.profiles.secret_stores import SecretLocation, parse_location

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_CLIENT_ID: Final = "PlatformCLI"
"""The app for web logins: the Salesforce CLI's, which every org knows."""

_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_TEXTS: Final = ("login-url", "instance-url", "client-id", "username", "target-org")


@frozen
class Profile:
    """A named org. It contains no secrets, only their locations.

    Attributes:
        name: The word after `org` in a pipeline.
        flow: How to get a token.
        login_url: The login host; production's if not given.
        instance_url: The org's own address, if known; the flow `token` needs it.
        api_version: Such as `66.0`.
        client_id: The app's consumer key.
        username: The user's name.
        target_org: The org's alias or username in the Salesforce CLI.
        audiences: The audiences of JWT assertions, tried in this order; empty for the defaults.
        secrets: The locations of the secrets.
        compression: Whether jobs send rows compressed by default.
        patience: For how many seconds jobs wait out transient failures by default.
    """

    name: str = field(converter=check_name)
    flow: Flow
    login_url: str | None = None
    instance_url: str | None = None
    api_version: str = DEFAULT_API_VERSION
    client_id: str | None = None
    username: str | None = None
    target_org: str | None = None
    audiences: tuple[str, ...] = ()
    secrets: Mapping[Secret, SecretLocation] = field(factory=dict)
    compression: bool = False
    patience: float | None = None

    @property
    def login_origin(self) -> Origin:
        """The login host."""
        return Origin(self.login_url or f"https://{LOGIN_HOST}")

    def find_secret(self, secret: Secret) -> SecretLocation | None:
        """Find the location of a secret."""
        return self.secrets.get(secret)

    def format_secret_name(self, secret: Secret) -> str:
        """Format the name of a secret for the keyring and for messages."""
        return f"{self.name}/{secret.value}"

    def check(self) -> None:
        """Check that the flow has what it needs, and that the addresses are valid.

        Raises:
            UsageError: Something is missing or wrong.
        """
        self.check_settings()
        for secret in REQUIREMENTS[self.flow].secrets:
            if secret not in self.secrets:
                raise UsageError(
                    f"the profile of org {self.name} has no location for its {secret}",
                    help=f"log in again: `bulkflow org login {self.name}`",
                )
        if self.login_url is not None:
            Origin(self.login_url)
        if self.instance_url is not None:
            OrgAddress(self.instance_url, self.api_version)
        if self.flow is Flow.CLIENT_CREDENTIALS and self.login_origin.hostname.split(".")[0] in {
            "login",
            "test",
        }:
            raise UsageError(
                f"{self.login_origin.host} does not issue tokens for client credentials",
                help="pass the org's own address, such as https://mydomain.my.salesforce.com,"
                " with --login-url",
            )

    def check_settings(self) -> None:
        """Check that the flow has the settings that it needs.

        Raises:
            UsageError: A setting is missing.
        """
        values = self.list_settings()
        for setting in REQUIREMENTS[self.flow].settings:
            if setting not in values:
                raise UsageError(
                    f"org {self.name} has no {setting}, which the flow {self.flow} needs",
                    help=f"bulkflow org login {self.name} --flow {self.flow} --{setting} ...",
                )

    def list_settings(self) -> dict[str, str]:
        """List the settings that have a value, by their names in the file."""
        values = {
            "login-url": self.login_url,
            "instance-url": self.instance_url,
            "api-version": self.api_version,
            "client-id": self.client_id,
            "username": self.username,
            "target-org": self.target_org,
        }
        return {name: value for name, value in values.items() if value}

    def to_toml(self) -> str:
        """Format the profile as TOML."""
        # Imported here: only logins and `bulkflow org show` write profiles.
        import tomli_w

        content: dict[str, object] = {"flow": self.flow.value, **self.list_settings()}
        if self.audiences:
            content["audiences"] = list(self.audiences)
        if self.compression:
            content["compression"] = True
        if self.patience is not None:
            content["patience"] = format_patience(self.patience)
        text = tomli_w.dumps(content)
        if self.secrets:
            secrets = {kind.value: str(location) for kind, location in self.secrets.items()}
            text += "\n# Locations of the secrets, which are never in this file themselves.\n"
            text += tomli_w.dumps({"secrets": secrets})
        return text

    @classmethod
    def from_content(cls, name: str, content: Mapping[str, object]) -> Profile:
        """Make a profile from the content of its file.

        Raises:
            UsageError: The content is invalid. The message has the reason, and shows no value.
        """
        known = {"flow", "api-version", "audiences", "compression", "patience", "secrets", *_TEXTS}
        for key in content:
            if key not in known:
                raise _make_error(name, f"unknown setting {key[:40]!a}")
        flow = content.get("flow")
        if not isinstance(flow, str) or flow not in set(Flow):
            raise _make_error(name, f"`flow` is none of {', '.join(Flow)}")
        texts: dict[str, str | None] = {}
        for key in (*_TEXTS, "api-version"):
            value = content.get(key)
            if value is not None and (not isinstance(value, str) or _CONTROLS.search(value)):
                raise _make_error(name, f"`{key}` is not a text in one line")
            texts[key] = value
        audiences = content.get("audiences", [])
        if not isinstance(audiences, list) or not all(isinstance(a, str) for a in audiences):
            raise _make_error(name, "`audiences` is not a list of addresses")
        compression = content.get("compression", False)
        if not isinstance(compression, bool):
            raise _make_error(name, "`compression` is neither true nor false")
        patience = content.get("patience")
        if patience is not None and not isinstance(patience, str):
            raise _make_error(name, '`patience` is not a text such as "15m"')
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
            _parse_locations(name, content.get("secrets", {})),
            compression,
            None if patience is None else parse_patience(patience, f"`patience` of org {name}"),
        )


def _parse_locations(name: str, content: object) -> dict[Secret, SecretLocation]:
    if not isinstance(content, dict):
        raise _make_error(name, "`secrets` is not a table")
    locations: dict[Secret, SecretLocation] = {}
    for kind, location in content.items():
        if kind not in set(Secret):
            raise _make_error(name, f"unknown secret {kind[:40]!a}")
        try:
            locations[Secret(kind)] = parse_location(location if isinstance(location, str) else "")
        except UsageError as error:
            raise _make_error(name, f"`{kind}` is not the location of a secret") from error
    return locations


def _make_error(name: str, what: str) -> UsageError:
    return UsageError(
        f"the profile of org {name} is invalid: {what}",
        help="write the location of a secret as `keyring`, `env:NAME` or `file:PATH`, or log in"
        f" again: `bulkflow org login {name}`",
    )
