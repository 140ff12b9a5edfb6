"""Where secrets are: in the keyring of the system, in an environment variable, or in a file.

A profile names the place and never holds the secret. A secret of a profile that is given by hand
goes into the keyring; where there is none, nothing is written.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias, assert_never

from attrs import frozen

from bulkflow.errors import UsageError
from bulkflow_salesforce.http.tokens import QUOTES_HELP, in_quotes

if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONGEST = 64 * 1024
_KEYRING = "keyring"
_HELP = "write `keyring`, `env:NAME` or `file:PATH`"


@frozen
class InKeyring:
    """In the keyring of the system, under the name of the profile and the secret."""

    def __str__(self) -> str:
        return _KEYRING


@frozen
class InVariable:
    """In an environment variable."""

    name: str

    def __str__(self) -> str:
        return f"env:{self.name}"


@frozen
class InFile:
    """In a file, of which the line break at the end is no part."""

    path: Path

    def __str__(self) -> str:
        return f"file:{self.path}"


Place: TypeAlias = InKeyring | InVariable | InFile


def read_place(text: str) -> Place:
    """The place that a text names.

    Raises:
        UsageError: It names none. The message does not show it, as it may be the secret itself.
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
            raise UsageError("the home folder of that path is not known", help=_HELP) from None
    raise UsageError("that is no place of a secret", help=_HELP)


class Vault(Protocol):
    """Keeps secrets by name; what it raises is a `UsageError`."""

    def read(self, name: str) -> str | None:
        """The secret, or None."""
        ...

    def write(self, name: str, secret: str) -> None:
        """Keep a secret, in the place of an older one."""
        ...

    def delete(self, name: str) -> None:
        """Forget a secret, if it is there."""
        ...


@frozen
class Secrets:
    """Reads the secrets of profiles wherever they are."""

    environ: Mapping[str, str]
    vault: Vault

    def read(self, place: Place, name: str) -> str:
        """The secret; `name` is the profile and the kind, as `prod/client-secret`.

        Raises:
            UsageError: It is not there.
        """
        match place:
            case InKeyring():
                found = self.vault.read(name)
                if not found:
                    raise UsageError(
                        f"the keyring of this machine has no {name}",
                        help=f"log in again: `bulkflow org login {name.partition('/')[0]}`",
                    )
                return found
            case InVariable():
                found = self.environ.get(place.name)
                if not found:
                    raise UsageError(
                        f"{name} is to be in the environment variable {place.name}, which is not"
                        " set",
                        help=f"set {place.name}",
                    )
                # A password may begin and end so; what Salesforce makes up never does.
                if in_quotes(found.strip()) and not name.endswith("password"):
                    raise UsageError(
                        f"{name} is in quotes in the environment variable {place.name}",
                        help=QUOTES_HELP,
                    )
                return found
            case InFile():
                return _of_file(place.path, name)
            case _:
                assert_never(place)


def _of_file(path: Path, name: str) -> str:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_LONGEST + 1)
    except OSError as error:
        raise UsageError(
            f"{name} is to be in the file {path}, which cannot be read: {error.strerror or error}",
            help="name a file that this user can read",
        ) from error
    if os.name == "posix" and stat.S_ISREG(mode) and mode & stat.S_IWOTH:
        raise UsageError(
            f"{path} holds {name}, and everybody may write to it", help=f"chmod 600 {path}"
        )
    try:
        text = content.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise UsageError(f"the file {path} with {name} is no text", help="check it") from None
    if not text or len(content) > _LONGEST:
        raise UsageError(
            f"the file {path} with {name} is {'too long' if text else 'empty'}", help="check it"
        )
    return text
