"""A stream that takes any text, from any thread, and never ends a run."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from bulkflow.errors import BulkflowError

if TYPE_CHECKING:
    from typing import TextIO


class OutputError(BulkflowError):
    """What a report was written to took no more of it; the run itself went on."""


class ReportStream:
    """Writes lines to a text stream; characters that its encoding lacks become escapes.

    A load must not stop halfway because nobody reads its report any more: after the first write
    that fails nothing more is written, and `check` tells of it when the run is over.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding: str = getattr(stream, "encoding", None) or "utf-8"
        self._terminal = stream.isatty()
        self._failure: OSError | None = None

    def line(self, text: str = "") -> None:
        """Write a line and hand it on at once."""
        self.write(f"{text}\n")

    def write(self, text: str) -> int:
        """Write text and hand it on at once; returns its length, as a text stream does."""
        if self._failure is None:
            safe = text.encode(self.encoding, "backslashreplace").decode(self.encoding)
            try:
                self._stream.write(safe)
                self._stream.flush()
            except OSError as error:
                self._failure = error
        return len(text)

    def flush(self) -> None:
        """Nothing is held back; here because a stream has it."""

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        return self._stream.isatty()

    def check(self) -> None:
        """Raise OutputError if something could not be written.

        A reader that went away (`bulkflow run --json | head`) has what it wanted, and is no error;
        nor is a terminal that was closed.
        """
        if self._failure is None or isinstance(self._failure, BrokenPipeError):
            return
        if self._terminal and self._failure.errno == errno.EIO:
            return
        name = getattr(self._stream, "name", "the output")
        raise OutputError(
            f"the report could not be written to {name}: {self._failure.strerror}",
            help="free space or choose another output; nothing else has changed by it",
        ) from self._failure
