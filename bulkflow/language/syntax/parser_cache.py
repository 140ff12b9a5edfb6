"""Keep the generated parser on disk, because generating it takes longer than checking a file.

A file of the cache is a pickle, and loading a pickle can run code. Therefore:

- The folder is one of ours in the user's own cache directory, with mode 0700, and the file has mode
  0600. A folder or file that is a link, belongs to another user, or is writable by others is not
  read, and nothing is written there.
- The name of a file contains a digest of the grammar and the versions of lark and Python. A file
  begins with a digest of its content. One that does not match is rebuilt.
- A file appears by renaming, so that a reader never sees half of one.

The cache only saves time. Without it, or if anything about it fails, the parser is generated
in memory.
"""

from __future__ import annotations

import io
import os
import stat
import sys
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from attrs import field, frozen
from lark import Lark
from lark import __version__ as lark_version

from bulkflow.atomic_files import replace_file
from bulkflow.private_files import make_private_folder

if TYPE_CHECKING:
    from pathlib import Path

_NO_LINKS: Final = getattr(os, "O_NOFOLLOW", 0)
_BINARY: Final = getattr(os, "O_BINARY", 0)
_DIGEST_BYTES: Final = 32


def find_cache_folder() -> Path:
    """Return bulkflow's folder in the user's cache directory."""
    from platformdirs import user_cache_path

    return user_cache_path("bulkflow", appauthor=False)


@frozen
class ParserCache:
    """Load and save the parser of one grammar."""

    folder: Path
    grammar: str = field(repr=False)

    @property
    def path(self) -> Path:
        """The file for this grammar, this lark and this Python."""
        python = f"{sys.implementation.cache_tag}"
        key = sha256(f"{lark_version}\0{python}\0{self.grammar}".encode()).hexdigest()
        return self.folder / f"parser-{key[:32]}.pickle"

    def load(self) -> Lark | None:
        """Return the saved parser, or None if there is no file that is safe and intact."""
        try:
            data = self._read()
            content = data[_DIGEST_BYTES:]
            if sha256(content).digest() != data[:_DIGEST_BYTES]:
                return None
            return Lark.load(io.BytesIO(content))
        except Exception:  # noqa: BLE001 - unpickling raises anything; the parser can be rebuilt
            return None

    def save(self, parser: Lark) -> None:
        """Save a parser; do nothing if the folder is unsafe or not writable."""
        out = io.BytesIO()
        parser.save(out)
        content = out.getvalue()
        try:
            make_private_folder(self.folder)
            self._refuse_unsafe_folder()
            replace_file(self.path, sha256(content).digest() + content)
        except OSError:
            return

    def _read(self) -> bytes:
        self._refuse_unsafe_folder()
        descriptor = os.open(self.path, os.O_RDONLY | _NO_LINKS | _BINARY)
        with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or not _is_ours(status):
                raise PermissionError(f"{self.path} could have been written by another user")
            return file.read()

    def _refuse_unsafe_folder(self) -> None:
        status = self.folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or not _is_ours(status):
            raise PermissionError(f"{self.folder} could be written to by another user")


def _is_ours(status: os.stat_result) -> bool:
    """Return whether this user alone can write. Windows keeps cache folders private by itself."""
    if sys.platform == "win32":
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
