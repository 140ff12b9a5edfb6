"""The folder with the profiles: one file for each, so that their names are a listing.

    orgs/prod.toml    a profile
    default-org       the name that `org default` stands for

Files are written beside their place and renamed, and are readable by their owner only; a name never
leads out of the folder.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow.errors import UsageError
from bulkflow.private_files import make_private_folder
from bulkflow.system_errors import explained
from bulkflow_salesforce.profiles.names import RESERVED, checked_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow_salesforce.profiles.profile import Profile

VARIABLE: Final = "BULKFLOW_CONFIG_DIR"
"""Environment variable: the folder, in place of the user's configuration directory."""

_SUFFIX: Final = ".toml"


def folder_of(environ: Mapping[str, str]) -> ProfileFolder:
    """The folder of a user."""
    given = environ.get(VARIABLE)
    return ProfileFolder(Path(given) if given else configuration_of(environ) / "bulkflow")


def configuration_of(environ: Mapping[str, str], system: str = sys.platform) -> Path:
    """Where a user's programs keep their settings.

    On Windows the roaming folder; on macOS `Application Support`, elsewhere `~/.config`, unless
    XDG_CONFIG_HOME names another (https://specifications.freedesktop.org/basedir-spec/: a path that
    is not absolute is to be ignored).
    """
    if system == "win32":
        return Path(environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    chosen = Path(environ.get("XDG_CONFIG_HOME", ""))
    if chosen.is_absolute():
        return chosen
    return Path.home() / ("Library/Application Support" if system == "darwin" else ".config")


@frozen
class ProfileFolder:
    """The profiles of a user. What cannot be read or written is a `UsageError`."""

    path: Path

    def names(self) -> list[str]:
        """The names of the profiles, in order. No file is read."""
        try:
            found = [each.name for each in self._orgs.iterdir() if each.suffix == _SUFFIX]
        except OSError:
            # No folder yet, or one that this user may not see: no profiles.
            return []
        names = (each.removesuffix(_SUFFIX) for each in found)
        return sorted(name for name in names if _usable(name))

    def read(self, name: str) -> Profile:
        """A profile.

        Raises:
            UsageError: There is none of that name, or it cannot be understood.
        """
        import tomllib

        from bulkflow_salesforce.profiles.profile import Profile

        path = self._file(name)
        try:
            content = tomllib.loads(path.read_text("utf-8"))
        except FileNotFoundError as error:
            known = ", ".join(self.names()) or "none yet"
            raise UsageError(
                f"there is no org {name}",
                help=f"known are: {known}; `bulkflow org login {name}` makes it known",
            ) from error
        except (OSError, ValueError) as error:
            raise UsageError(
                f"the profile {path} cannot be read: {_reason(error)}",
                help=f"correct it, or write it again: `bulkflow org login {name}`",
            ) from None
        profile = Profile.read(name, content)
        profile.check()
        return profile

    def write(self, profile: Profile) -> Path:
        """Keep a profile, in the place of an older one; returns its file."""
        path = self._file(profile.name)
        _write(path, profile.document())
        return path

    def delete(self, name: str) -> None:
        """Forget a profile."""
        try:
            self._file(name).unlink(missing_ok=True)
            if self.default() == name:
                self._default.unlink(missing_ok=True)
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def default(self) -> str | None:
        """The name that `org default` stands for."""
        try:
            name = self._default.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return None
        return name if _usable(name) else None

    def set_default(self, name: str) -> None:
        """Choose what `org default` stands for."""
        self.read(name)
        _write(self._default, name + "\n")

    @property
    def _orgs(self) -> Path:
        return self.path / "orgs"

    @property
    def _default(self) -> Path:
        return self.path / "default-org"

    def _file(self, name: str) -> Path:
        return self._orgs / f"{checked_name(name)}{_SUFFIX}"


def _usable(name: str) -> bool:
    try:
        return checked_name(name) not in RESERVED
    except UsageError:
        return False


def _write(path: Path, text: str) -> None:
    import tempfile

    try:
        make_private_folder(path.parent)
        # mkstemp makes files that their owner alone may read and write.
        handle, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            Path(partial).replace(path)
        except BaseException:
            Path(partial).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> UsageError:
    what, remedy = explained(error, "make the folder writable")
    return UsageError(
        f"{path} cannot be written: {what}",
        help=f"{remedy}, or name another folder in {VARIABLE}",
    )


def _reason(error: OSError | ValueError) -> str:
    """Say why a profile cannot be read; of a parser's words only the place, as they may quote."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    place = re.search(r"\(at (line \d+, column \d+|end of document)\)", str(error))
    return f"it is not TOML ({place[1]})" if place else "it is not text in UTF-8"
