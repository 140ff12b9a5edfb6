"""A stretch of a stream on disk, for as long as its parts are not up."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from bulkflow.model.event import Notice, NoticeLevel
from bulkflow_ingest.source.open import make_copies_folder

if TYPE_CHECKING:
    from pathlib import Path

    from bulkflow.plugin import Context


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


@frozen
class Windows:
    """All windows of a run. An attempt at it has use for its own alone, and for none when it ends.

    Going on with a run needs no window: what was read once is never read again.
    """

    _context: Context
    _directory: Path

    @classmethod
    def swept(cls, context: Context) -> None:
        """Remove what earlier attempts left, once, and what this one leaves, when the run ends."""

        def make() -> Windows:
            made = cls(context, make_copies_folder(context))
            made._sweep()
            return made

        context.share("ingest:windows", make, cls._sweep)

    def _sweep(self) -> None:
        for path in sorted(self._directory.glob("window-*")):
            try:
                path.unlink()
            except OSError as error:
                # It is of no use, and does no harm; whoever misses the room should know of it.
                self._context.emit(
                    Notice(
                        f"{path} cannot be removed: {error.strerror or error}", NoticeLevel.DETAIL
                    )
                )
