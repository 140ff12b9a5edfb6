"""Locations of secrets: the system's keyring, an environment variable, or a file.

A profile has the location of a secret, never the secret. Secrets that the user types are stored in
the keyring; without a keyring, they are not stored.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias, assert_never

from attrs import frozen

from bulkflow.errors import UsageError
from bulkflow_salesforce.http.tokens import QUOTES_HELP, is_quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MAX_SIZE = 64 * 1024
_KEYRING = "keyring"
_HELP = "write `keyring`, `env:NAME` or `file:PATH`"


@frozen
class InKeyring:
    """A secret in the system's keyring, under the names of the profile and the secret."""

    def __str__(self) -> str:
        return _KEYRING


@frozen
class InVariable:
    """A secret in an environment variable."""

    name: str

    def __str__(self) -> str:
        return f"env:{self.name}"


@frozen
class InFile:
    """A secret in a file; a line break at the end is ignored."""

    path: Path

    def __str__(self) -> str:
        return f"file:{self.path}"


SecretLocation: TypeAlias = InKeyring | InVariable | InFile


def parse_location(text: str) -> SecretLocation:
    """Parse the location of a secret.

    Raises:
        UsageError: It is not one. The message does not show it, because it may be the secret
            itself.
    """
    kind, colon, rest = text.partition(":")
    if text == _KEYRING:
        return InKeyring()
    if kind == "env" and colon and _VARIABLE.fullmatch(rest):
        return InVariable(rest)
    if kind == "file" and rest:
        try:
            return InFile(Path(rest).expanduser())
        except RuntimeError:
            raise UsageError("the home folder of that path is unknown", help=_HELP) from None
    raise UsageError("unknown secret location", help=_HELP)


class Keyring(Protocol):
    """Stores secrets by name. Its methods raise `UsageError`."""

    def read(self, name: str) -> str | None:
        """Read a secret; None if there is none."""
        ...

    def write(self, name: str, secret: str) -> None:
        """Store a secret, replacing an older one."""
        ...

    def delete(self, name: str) -> None:
        """Delete a secret if it exists."""
        ...


@frozen
class SecretReader:
    """Reads the secrets of profiles from their locations."""

    environ: Mapping[str, str]
    keyring: Keyring

    def read(self, location: SecretLocation, name: str) -> str:
        """Read a secret; `name` is its profile and kind, such as `prod/client-secret`.

        Raises:
            UsageError: The secret is missing or cannot be used.
        """
        match location:
            case InKeyring():
                found = self.keyring.read(name)
                if not found:
                    raise UsageError(
                        f"the keyring of this machine has no {name}",
                        help=f"log in again: `bulkflow org login {name.partition('/')[0]}`",
                    )
                return found
            case InVariable():
                found = self.environ.get(location.name)
                if not found:
                    raise UsageError(
                        f"the environment variable {location.name} for {name} is not set",
                        help=f"set {location.name}",
                    )
                # A password may have quotes; values that Salesforce generates never do.
                if is_quoted(found.strip()) and not name.endswith("password"):
                    raise UsageError(
                        f"{name} is in quotes in the environment variable {location.name}",
                        help=QUOTES_HELP,
                    )
                return found
            case InFile():
                return _read_file(location.path, name)
            case _:
                assert_never(location)


def _read_file(path: Path, name: str) -> str:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_MAX_SIZE + 1)
    except OSError as error:
        raise UsageError(
            f"the file {path} for {name} cannot be read: {error.strerror or error}",
            help="choose a file that this user can read",
        ) from error
    if os.name == "posix" and stat.S_ISREG(mode) and mode & stat.S_IWOTH:
        raise UsageError(
            f"the file {path} for {name} is writable by everyone", help=f"chmod 600 {path}"
        )
    try:
        text = content.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise UsageError(
            f"the file {path} for {name} is not text", help="save the secret alone in it"
        ) from None
    if not text or len(content) > _MAX_SIZE:
        raise UsageError(
            f"the file {path} for {name} is {'too long' if text else 'empty'}",
            help="save the secret alone in it",
        )

    return text
