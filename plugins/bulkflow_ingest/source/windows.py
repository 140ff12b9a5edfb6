"""Window files: stretches of a stream on disk, kept until their parts are uploaded."""

from __future__ import annotations

import logging
from threading import Lock
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from bulkflow.model.event import Notice, NoticeLevel
from bulkflow_ingest.source.open import make_copies_folder

if TYPE_CHECKING:
    from pathlib import Path

    from bulkflow.plugin import Context

logger = logging.getLogger(__name__)


@define(eq=False)
class Window:
    """A file that is removed after the last of its parts is uploaded."""

    path: Path
    waiting: int
    """How many of its parts are not uploaded yet."""
    _lock: Lock = field(factory=Lock, init=False, repr=False)

    @classmethod
    def of(cls, path: Path, parts: int) -> Window:
        """Keep a file for a number of parts. A file without parts is removed immediately."""
        if not parts:
            path.unlink(missing_ok=True)
        return cls(path, parts)

    def release(self) -> None:
        """Note that a part is uploaded and no longer needs the file."""
        with self._lock:
            self.waiting -= 1
            if not self.waiting:
                self.path.unlink(missing_ok=True)
                logger.debug("removed %s: its parts are uploaded", self.path)


@frozen
class Windows:
    """The window files of a run.

    An attempt at a run uses only its own: a resumed run never reads a stream a second time.
    """

    _context: Context
    _directory: Path

    @classmethod
    def clean_up(cls, context: Context) -> None:
        """Remove the files of earlier attempts, once per run; when the run ends, those of this."""

        def make() -> Windows:
            made = cls(context, make_copies_folder(context))
            made._remove_all()
            return made

        context.share("ingest:windows", make, cls._remove_all)

    def _remove_all(self) -> None:
        for path in sorted(self._directory.glob("window-*")):
            try:
                path.unlink()
            except OSError as error:
                # The file is harmless, but it takes space, so the user should know about it.
                self._context.emit(
                    Notice(f"cannot remove {path}: {error.strerror or error}", NoticeLevel.DETAIL)
                )
