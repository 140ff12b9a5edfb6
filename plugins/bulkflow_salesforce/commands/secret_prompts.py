"""The secrets of a login: those whose place is named, and those that are typed or piped in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click
from attrs import define, evolve, field

from bulkflow.errors import UsageError
from bulkflow_salesforce.profiles.flow import NEEDS, Secret
from bulkflow_salesforce.profiles.secret_stores import InFile, InKeyring, read_place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bulkflow_salesforce.commands.io import Surroundings
    from bulkflow_salesforce.profiles.profile import Profile
    from bulkflow_salesforce.profiles.secret_stores import Place, Vault

_STDIN: Final = "stdin"
_PROBE: Final = "bulkflow/probe"


@define(eq=False)
class PendingVault:
    """A keyring into which nothing is written before the login has worked."""

    inner: Vault
    fresh: dict[str, str] = field(factory=dict, repr=False)

    def read(self, name: str) -> str | None:
        """A secret that was given now, or an older one."""
        return self.fresh.get(name) or self.inner.read(name)

    def write(self, name: str, secret: str) -> None:
        """Keep a secret for `commit`."""
        self.fresh[name] = secret

    def delete(self, name: str) -> None:
        """Forget a secret."""
        self.fresh.pop(name, None)
        self.inner.delete(name)

    def commit(self) -> None:
        """Write what was given."""
        for name, secret in self.fresh.items():
            self.inner.write(name, secret)


def with_secrets(
    profile: Profile,
    placed: tuple[str, ...],
    key_file: Path | None,
    world: Surroundings,
    vault: PendingVault,
) -> Profile:
    """The profile with the place of each secret that its flow needs.

    Args:
        profile: As it was, or new.
        placed: `KIND=PLACE`, as the user wrote them.
        key_file: The place of the private key.
        world: Where secrets are piped in and asked for.
        vault: Takes what is typed or piped in.

    Raises:
        UsageError: A place is none, nobody can be asked, or there is no keyring; that is found
            before anything is typed.
    """
    places: dict[Secret, Place] = dict(profile.secrets)
    if key_file is not None:
        places[Secret.PRIVATE_KEY] = InFile(key_file.absolute())
    named = dict(map(_placed, placed))
    for secret, text in named.items():
        places[secret] = InKeyring() if text == _STDIN else read_place(text)
    needs = NEEDS[profile.flow]
    for secret in needs.secrets:
        places.setdefault(secret, InKeyring())
    if needs.made:
        places[Secret.REFRESH_TOKEN] = InKeyring()
    profile = evolve(profile, secrets=places)
    if InKeyring() in places.values():
        vault.inner.read(_PROBE)
    for secret in list(_to_ask_for(profile, named, vault)):
        given = _from_stdin(world) if named.get(secret) == _STDIN else _typed(secret, world)
        vault.write(profile.secret_name(secret), given)
    return profile


def _placed(text: str) -> tuple[Secret, str]:
    kind, _, place = text.partition("=")
    if kind not in set(Secret):
        raise UsageError(
            "--secret names no kind of secret",
            help=f"write KIND=PLACE with one of {', '.join(Secret)}",
        )
    return Secret(kind), place


def _to_ask_for(
    profile: Profile, named: dict[Secret, str], vault: PendingVault
) -> Iterator[Secret]:
    """The secrets for the keyring that were named now, or are needed and not in there."""
    needs = NEEDS[profile.flow]
    for secret, place in profile.secrets.items():
        if not isinstance(place, InKeyring):
            continue
        needed = secret in needs.secrets and not needs.made
        if secret in named or (needed and vault.read(profile.secret_name(secret)) is None):
            yield secret


def _typed(secret: Secret, world: Surroundings) -> str:
    if world.stdin is None or not world.stdin.isatty():
        raise UsageError(
            f"nobody is there to type the {secret}",
            help=f"say where it is: --secret {secret}=env:NAME, file:PATH or stdin",
        )
    typed: str = click.prompt(str(secret), hide_input=True, err=True)
    return typed


def _from_stdin(world: Surroundings) -> str:
    content = world.stdin.read() if world.stdin is not None else b""
    try:
        text = content.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        # Not as a cause: it holds the secret.
        raise UsageError("the standard input is no text", help="pipe the secret in") from None
    if not text:
        raise UsageError("the standard input is empty", help="pipe the secret in")
    return text
