"""The folder with the user's profiles, one file for each.

    orgs/prod.toml    a profile
    default-org       the name of `org default`

Files are replaced atomically, and are readable by their owner only. A name never refers to a path
outside of the folder.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow.errors import UsageError
from bulkflow_salesforce.profiles.names import RESERVED, check_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow_salesforce.profiles.profile import Profile

VARIABLE: Final = "BULKFLOW_CONFIG_DIR"
"""Environment variable: the folder, instead of bulkflow's in the user's configuration folder."""

_SUFFIX: Final = ".toml"


def find_store(environ: Mapping[str, str]) -> ProfileStore:
    """Find the user's profiles."""
    given = environ.get(VARIABLE)
    return ProfileStore(Path(given) if given else find_configuration_folder(environ))


def find_configuration_folder(environ: Mapping[str, str], system: str = sys.platform) -> Path:
    """Find bulkflow's folder in the user's configuration folder.

    An absolute XDG_CONFIG_HOME applies on macOS as well. A relative one must be ignored
    (https://specifications.freedesktop.org/basedir-spec/).
    """
    chosen = Path(environ.get("XDG_CONFIG_HOME", ""))
    if system != "win32" and chosen.is_absolute():
        return chosen / "bulkflow"
    from platformdirs import PlatformDirs

    return PlatformDirs("bulkflow", appauthor=False, roaming=True).user_config_path


@frozen
class ProfileStore:
    """The profiles of a user. Its methods raise `UsageError` for files that cannot be used."""

    path: Path

    def list_names(self) -> list[str]:
        """List the names of the profiles, sorted, without reading a file."""
        try:
            found = [each.name for each in self._orgs.iterdir() if each.suffix == _SUFFIX]
        except OSError:
            # There is no folder yet, or this user may not read it.
            return []
        names = (each.removesuffix(_SUFFIX) for each in found)
        return sorted(name for name in names if _is_valid(name))

    def read(self, name: str) -> Profile:
        """Read a profile.

        Raises:
            UsageError: There is no such profile, or it is invalid.
        """
        import tomllib

        from bulkflow_salesforce.profiles.profile import Profile

        path = self._find_file(name)
        try:
            content = tomllib.loads(path.read_text("utf-8"))
        except FileNotFoundError as error:
            names = self.list_names()
            known = f"known orgs: {', '.join(names)}; " if names else ""
            raise UsageError(
                f"unknown org {name}", help=f"{known}add it with `bulkflow org login {name}`"
            ) from error
        except (OSError, ValueError) as error:
            raise UsageError(
                f"the profile {path} cannot be read: {_explain(error)}",
                help=f"correct it, or log in again: `bulkflow org login {name}`",
            ) from None
        profile = Profile.from_content(name, content)
        profile.check()
        return profile

    def write(self, profile: Profile) -> Path:
        """Write a profile, replacing an older one; return its file."""
        path = self._find_file(profile.name)
        _write(path, profile.to_toml())
        return path

    def delete(self, name: str) -> None:
        """Delete a profile."""
        try:
            self._find_file(name).unlink(missing_ok=True)
            if self.read_default() == name:
                self._default.unlink(missing_ok=True)
        except OSError as error:
            raise _make_write_error(self.path, error) from error

    def read_default(self) -> str | None:
        """Read the name of `org default`; None if there is none."""
        try:
            name = self._default.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return None
        return name if _is_valid(name) else None

    def write_default(self, name: str) -> None:
        """Make an existing profile `org default`."""
        self.read(name)
        _write(self._default, name + "\n")

    @property
    def _orgs(self) -> Path:
        return self.path / "orgs"

    @property
    def _default(self) -> Path:
        return self.path / "default-org"

    def _find_file(self, name: str) -> Path:
        return self._orgs / f"{check_name(name)}{_SUFFIX}"


def _is_valid(name: str) -> bool:
    try:
        return check_name(name) not in RESERVED
    except UsageError:
        return False


def _write(path: Path, text: str) -> None:
    # Imported here: most commands only read profiles.
    from bulkflow.atomic_files import replace_file
    from bulkflow.private_files import make_private_folder

    try:
        make_private_folder(path.parent)
        replace_file(path, text.encode())
    except OSError as error:
        raise _make_write_error(path, error) from error


def _make_write_error(path: Path, error: OSError) -> UsageError:
    from bulkflow.system_errors import explained

    what, remedy = explained(error, "make the folder writable")
    return UsageError(
        f"{path} cannot be written: {what}",
        help=f"{remedy}, or choose another folder with {VARIABLE}",
    )


def _explain(error: OSError | ValueError) -> str:
    """Explain why a profile cannot be read; a parser's message is reduced to the position."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    place = re.search(r"\(at (line \d+, column \d+|end of document)\)", str(error))
    return f"it is not TOML ({place[1]})" if place else "it is not text in UTF-8"
