"""A stretch of a stream on disk, for as long as its parts are not up."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from attrs import define, field

if TYPE_CHECKING:
    from pathlib import Path


@define(eq=False)
class Window:
    """A file that parts are sent from, which goes when the last of them is up."""

    path: Path
    waiting: int
    """How many parts are still to be sent from it."""
    _lock: Lock = field(factory=Lock, init=False, repr=False)

    @classmethod
    def holding(cls, path: Path, parts: int) -> Window:
        """That of a file with so many parts; one without goes at once."""
        if not parts:
            path.unlink(missing_ok=True)
        return cls(path, parts)

    def release(self) -> None:
        """A part is up: it needs the file no more."""
        with self._lock:
            self.waiting -= 1
            if not self.waiting:
                self.path.unlink(missing_ok=True)
