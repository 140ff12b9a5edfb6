"""The open texts of the editor, and the files that they include."""

from __future__ import annotations

import os.path
from pathlib import Path

from attrs import Factory, define

from bulkflow.source import SourceText


@define(eq=False)
class Documents:
    """Open texts by path. An unsaved text has a path that is not on disk."""

    _open: dict[Path, SourceText] = Factory(dict)

    def put(self, path: Path, text: str) -> None:
        """Set the text of an open document.

        Raises:
            TooLargeError: The text is larger than a pipeline may be. The document is removed.
        """
        path = normalize_path(path)
        self._open.pop(path, None)
        self._open[path] = SourceText.of(path.as_posix(), text, path)

    def remove(self, path: Path) -> None:
        """Remove a closed document. From now on, the file on disk is read."""
        self._open.pop(normalize_path(path), None)

    def find(self, path: Path) -> SourceText | None:
        """Return the open text of a path."""
        return self._open.get(normalize_path(path))

    def read(self, path: Path) -> SourceText:
        """Read a text, open or on disk. Raises OSError, UnicodeDecodeError and TooLargeError."""
        found = self.find(path)
        if found is not None:
            return found
        return SourceText.read(path.as_posix(), path, normalize_path(path))

    @property
    def all(self) -> tuple[SourceText, ...]:
        """All open texts, in the order in which they were opened."""
        return tuple(self._open.values())


def normalize_path(path: Path) -> Path:
    """Return the path that identifies a file."""
    return Path(os.path.normpath(path))
