"""The tree of public errors, and their exit codes.

Every error that a user can meet is a `BulkflowError`: a message in the user's words, a `help` line
with the remedy, and an exit code. Foreign exceptions are converted at the boundary of the
package that meets them, with the original as the cause.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    from collections.abc import Sequence


class ExitCode(IntEnum):
    """The exit code of a `bulkflow` command."""

    DONE = 0
    """Everything was done."""
    FAILED = 1
    """A step failed."""
    WRONG = 2
    """The file, the command line or a profile is wrong, and nothing was sent."""
    ROWS_FAILED = 3
    """Everything ran, but rows are not loaded, and no `require` or `when` has judged them."""
    INTERRUPTED = 130
    """Stopped by Ctrl-C, SIGTERM or SIGHUP."""


REACHED_END: Final = frozenset({ExitCode.DONE, ExitCode.ROWS_FAILED})
"""Exit codes of a run that reached the end of its file."""


class BulkflowError(Exception):
    """The base class of all errors that bulkflow raises on purpose.

    Args:
        message: What is wrong, in one sentence in the user's words, without a full stop.
        help: What to do about it.
        notes: Additional facts, one per line: the server's message, ids of jobs left in the org.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED

    def __init__(self, message: str, *, help: str | None = None, notes: Sequence[str] = ()) -> None:  # noqa: A002 - the word that users see
        super().__init__(message)
        self.message = message
        self.help = help
        self.notes = tuple(notes)

    def __str__(self) -> str:
        return self.message


class UsageError(BulkflowError):
    """The command line, the configuration or the environment is wrong; nothing was sent."""

    exit_code = ExitCode.WRONG


class DataError(BulkflowError):
    """The user's data cannot be loaded as it is; found before any of it was sent.

    `place` is the location: the file, and the line (from 1) and byte offset (from 0) in it.
    """

    exit_code = ExitCode.WRONG

    def __init__(
        self,
        message: str,
        *,
        place: str | None = None,
        help: str | None = None,  # noqa: A002 - the word that users see
        notes: Sequence[str] = (),
    ) -> None:
        super().__init__(message, help=help, notes=notes)
        self.place = place

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class StepError(BulkflowError):
    """A step failed, and its chain ends."""


class PluginError(BulkflowError):
    """A plugin failed unexpectedly; the message names it and its distribution."""


class RunInterruptedError(BulkflowError):
    """The user asked the run to stop. Raised at a checkpoint, never in the middle of a request."""

    exit_code = ExitCode.INTERRUPTED
