"""A text stream whose write errors do not stop a run."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from bulkflow.errors import BulkflowError
from bulkflow.system_errors import explained

if TYPE_CHECKING:
    from typing import TextIO


class OutputError(BulkflowError):
    """The report could not be written. The run itself was not affected."""


class ReportStream:
    """Writes lines to a text stream, and escapes characters that its encoding lacks.

    A load must not stop halfway because its report cannot be written. After a write has failed,
    output is discarded, and `check` raises the error after the run.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding: str = getattr(stream, "encoding", None) or "utf-8"
        self._terminal = stream.isatty()
        self._failure: OSError | None = None

    def write_line(self, text: str = "") -> None:
        """Write a line and flush it."""
        self.write(f"{text}\n")

    def write(self, text: str) -> int:
        """Write text and flush it; returns its length, as a text stream does."""
        if self._failure is None:
            safe = text.encode(self.encoding, "backslashreplace").decode(self.encoding)
            try:
                self._stream.write(safe)
                self._stream.flush()
            except OSError as error:
                self._failure = error
        return len(text)

    def flush(self) -> None:
        """Do nothing: every write is flushed."""

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        return self._stream.isatty()

    def check(self) -> None:
        """Raise `OutputError` if something could not be written.

        A closed pipe (`bulkflow run --json | head`) or a closed terminal is not an error.
        """
        if self._failure is None or isinstance(self._failure, BrokenPipeError):
            return
        if self._terminal and self._failure.errno == errno.EIO:
            return
        name = getattr(self._stream, "name", "the output")
        what, remedy = explained(self._failure, "free space or choose another output")
        raise OutputError(
            f"cannot write the report to {name}: {what}",
            help=f"{remedy}; the run itself was not affected",
        ) from self._failure
