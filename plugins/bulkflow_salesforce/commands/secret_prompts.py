"""Collects the secrets of a login: from options, from prompts and from stdin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click
from attrs import define, evolve, field

from bulkflow.errors import UsageError
from bulkflow_salesforce.profiles.flow import REQUIREMENTS, Secret
from bulkflow_salesforce.profiles.secret_stores import InFile, InKeyring, parse_location

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bulkflow_salesforce.commands.io import CommandIO
    from bulkflow_salesforce.profiles.profile import Profile
    from bulkflow_salesforce.profiles.secret_stores import Keyring, SecretLocation

_STDIN: Final = "stdin"
_PROBE: Final = "bulkflow/probe"


@define(eq=False)
class PendingKeyring:
    """A keyring to which new secrets are written only after the login has succeeded."""

    inner: Keyring
    fresh: dict[str, str] = field(factory=dict, repr=False)

    def read(self, name: str) -> str | None:
        """Read a new or an older secret."""
        return self.fresh.get(name) or self.inner.read(name)

    def write(self, name: str, secret: str) -> None:
        """Keep a secret until `commit`."""
        self.fresh[name] = secret

    def delete(self, name: str) -> None:
        """Delete a secret."""
        self.fresh.pop(name, None)
        self.inner.delete(name)

    def commit(self) -> None:
        """Write the new secrets to the keyring."""
        for name, secret in self.fresh.items():
            self.inner.write(name, secret)


def collect_secrets(
    profile: Profile,
    options: tuple[str, ...],
    key_file: Path | None,
    io: CommandIO,
    keyring: PendingKeyring,
) -> Profile:
    """Collect the secrets of a flow; return the profile with their locations.

    Args:
        profile: The profile before.
        options: `KIND=PLACE` from the command line.
        key_file: The file with the private key.
        io: Where secrets are piped in and asked for.
        keyring: Takes the secrets that are typed or piped in.

    Raises:
        UsageError: A location is invalid, there is no terminal to ask, or there is no keyring. The
            keyring is checked before anything is typed.
    """
    locations: dict[Secret, SecretLocation] = dict(profile.secrets)
    if key_file is not None:
        locations[Secret.PRIVATE_KEY] = InFile(key_file.absolute())
    named = dict(map(_parse_option, options))
    for secret, text in named.items():
        locations[secret] = InKeyring() if text == _STDIN else parse_location(text)
    required = REQUIREMENTS[profile.flow]
    for secret in required.secrets:
        locations.setdefault(secret, InKeyring())
    if required.creates_refresh_token:
        locations[Secret.REFRESH_TOKEN] = InKeyring()
    profile = evolve(profile, secrets=locations)
    if InKeyring() in locations.values():
        keyring.inner.read(_PROBE)
    for secret in list(_find_missing(profile, named, keyring)):
        given = _read_stdin(io) if named.get(secret) == _STDIN else _prompt(secret, io)
        keyring.write(profile.format_secret_name(secret), given)
    return profile


def _parse_option(text: str) -> tuple[Secret, str]:
    kind, _, location = text.partition("=")
    if kind not in set(Secret):
        # The text is not quoted, because it may be the secret itself.
        raise UsageError(
            "--secret does not begin with a kind of secret",
            help=f"write KIND=PLACE with one of {', '.join(Secret)}",
        )
    return Secret(kind), location


def _find_missing(
    profile: Profile, named: dict[Secret, str], keyring: PendingKeyring
) -> Iterator[Secret]:
    """Find the secrets to put into the keyring: named now, or required and not in it."""
    required = REQUIREMENTS[profile.flow]
    for secret, location in profile.secrets.items():
        if not isinstance(location, InKeyring):
            continue
        needed = secret in required.secrets and not required.creates_refresh_token
        if secret in named or (needed and keyring.read(profile.format_secret_name(secret)) is None):
            yield secret


def _prompt(secret: Secret, io: CommandIO) -> str:
    if io.stdin is None or not io.stdin.isatty():
        raise UsageError(
            f"there is no terminal to ask for the {secret}",
            help=f"pass its location: --secret {secret}=env:NAME, file:PATH or stdin",
        )
    typed: str = click.prompt(str(secret), hide_input=True, err=True)
    return typed


def _read_stdin(io: CommandIO) -> str:
    content = io.stdin.read() if io.stdin is not None else b""
    try:
        text = content.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        # Not the cause of the error: it contains the secret.
        raise UsageError("the standard input is not text", help="pipe the secret in") from None
    if not text:
        raise UsageError("the standard input is empty", help="pipe the secret in")
    return text
