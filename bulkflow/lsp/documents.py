"""The texts that the editor holds, and those on disk that they include."""

from __future__ import annotations

import os.path
from pathlib import Path

from attrs import Factory, define

from bulkflow.source import SourceText


@define(eq=False)
class Documents:
    """Open texts by their path; an unsaved text has a path of its own that is nowhere on disk."""

    _open: dict[Path, SourceText] = Factory(dict)

    def put(self, path: Path, text: str) -> None:
        """Take the text that the editor has now.

        Raises:
            TooLargeError: it is larger than a pipeline may be; the text is forgotten.
        """
        path = normal(path)
        self._open.pop(path, None)
        self._open[path] = SourceText.of(path.as_posix(), text, path)

    def remove(self, path: Path) -> None:
        """Forget a text: from now on the file on disk counts."""
        self._open.pop(normal(path), None)

    def find(self, path: Path) -> SourceText | None:
        """The open text of a path."""
        return self._open.get(normal(path))

    def read(self, path: Path) -> SourceText:
        """A text, open or on disk. Raises OSError, UnicodeDecodeError and TooLargeError."""
        found = self.find(path)
        if found is not None:
            return found
        return SourceText.read(path.as_posix(), path, normal(path))

    @property
    def all(self) -> tuple[SourceText, ...]:
        """Every open text, in the order in which they were opened."""
        return tuple(self._open.values())


def normal(path: Path) -> Path:
    """A path by which a file is known here."""
    return Path(os.path.normpath(path))
