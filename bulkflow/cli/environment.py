"""The streams and variables of a command in one value; tests replace them."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, TextIO, TypedDict

from attrs import field, frozen

from bulkflow.errors import ExitCode, UsageError
from bulkflow.system_errors import explained

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bulkflow.errors import BulkflowError
    from bulkflow.model.diagnostic import Diagnostic
    from bulkflow.report.text.style import Style


GRACE = 8.0
"""Seconds. Less than the ten that `docker stop` waits before it kills."""

GRACE_VARIABLE = "BULKFLOW_GRACE"
"""The environment variable that replaces `GRACE`."""

LONGEST_GRACE = 86_400.0

LOG_VARIABLE = "BULKFLOW_LOG"
"""`LEVEL` or `LEVEL,FILE`: what to log; without a file the log goes to standard error."""


class _RenderOptions(TypedDict):
    color: bool
    width: int | None
    encoding: str


@frozen
class Environment:
    """The standard streams and the environment variables of a command."""

    stdout: TextIO = field(repr=False)
    stderr: TextIO = field(repr=False)
    environ: Mapping[str, str] = field(repr=False)
    stdin: BinaryIO | None = field(default=None, repr=False)
    """None for a process without a standard input: reads return nothing."""
    ends_process: bool = False
    """Whether the process exits after the command."""

    @classmethod
    def from_process(cls, *, owns_stdout: bool = False) -> Environment:
        """Take the streams of this process. Output to a closed one (`>&-`) is discarded.

        With `owns_stdout`, only the command writes to standard output. Other output, such as a
        plugin's `print` or that of a program it starts, goes to standard error, because it would
        break the JSON that other programs parse.
        """
        for descriptor in range(3):
            _open_if_closed(descriptor)
        stdout, stderr = sys.stdout or _open_devnull(), sys.stderr or _open_devnull()
        if owns_stdout and sys.stdout:
            stdout = _take_over(sys.stdout)
            sys.stdout = stderr
        return cls(stdout, stderr, os.environ, getattr(sys.stdin, "buffer", None), True)

    @property
    def debug(self) -> bool:
        """Whether to print tracebacks (`BULKFLOW_DEBUG`)."""
        return bool(self.environ.get("BULKFLOW_DEBUG"))

    @property
    def grace(self) -> float:
        """Seconds that an interrupted run has to finish what is in progress."""
        text = self.environ.get(GRACE_VARIABLE, "")
        try:
            seconds = float(text) if text else GRACE
        except ValueError:
            seconds = -1.0
        if not 0 <= seconds <= LONGEST_GRACE:
            raise UsageError(
                f"{GRACE_VARIABLE}={text} is not a number of seconds from 0 to "
                f"{LONGEST_GRACE:,.0f}",
                help=f"set it to a number such as 30, or unset it for the default of {GRACE:g}",
            )
        return seconds

    @property
    def logs_to_stderr(self) -> bool:
        """Whether `BULKFLOW_LOG` asks for a log without naming a file."""
        text = self.environ.get(LOG_VARIABLE, "")
        return bool(text) and "," not in text

    @property
    def live(self) -> bool:
        """Whether standard error is a terminal that can move its cursor."""
        from bulkflow.report.runs.select_report import is_live

        return is_live(self.stderr, self.environ)

    def read_stdin(self, limit: int) -> bytes:
        """Read at most `limit` bytes from standard input."""
        return b"" if self.stdin is None else self.stdin.read(limit)

    def show(self, text: str) -> None:
        """Write a message to standard error; errors of the stream are ignored."""
        with suppress(OSError):
            self.stderr.write(text.rstrip("\n") + "\n")

    def flush(self, code: int) -> int:
        """Flush both streams, and return the exit code of a command that ends with `code`.

        A closed pipe is not an error: its reader has what it wanted. If the output cannot be
        written for another reason, such as a full disk, the command has failed.
        """
        for stream in (self.stdout, self.stderr):
            if stream.closed:
                # The language server closes it after writing everything.
                continue
            try:
                stream.flush()
            except OSError as error:
                if stream is self.stdout and not isinstance(error, BrokenPipeError) and not code:
                    what, remedy = explained(error, "choose another place for it")
                    self.show(f"error: cannot write to standard output: {what}; {remedy}")
                    code = ExitCode.FAILED
                # The interpreter would flush again at exit, and then exit with 120.
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return code

    def show_error(self, error: BulkflowError) -> None:
        """Write an error to standard error."""
        from bulkflow.report import render_error

        self.show(render_error(error, **self._get_render_options()))

    def show_diagnostics(self, diagnostics: Sequence[Diagnostic]) -> None:
        """Write diagnostics of a pipeline file to standard error."""
        if diagnostics:
            from bulkflow.report import render_diagnostics

            self.show(render_diagnostics(diagnostics, **self._get_render_options()))

    @property
    def style(self) -> Style:
        """The style of text on standard output."""
        from bulkflow.report.runs.select_report import is_live, wants_color
        from bulkflow.report.text.style import Style

        live = is_live(self.stdout, self.environ)
        return Style.of(self.stdout, color=live and wants_color(self.environ))

    def _get_render_options(self) -> _RenderOptions:
        from bulkflow.report.runs.select_report import wants_color

        live = self.live
        return {
            "color": live and wants_color(self.environ),
            "width": _get_terminal_width() if live else None,
            "encoding": self.stderr.encoding or "utf-8",
        }


def _open_if_closed(descriptor: int) -> None:
    """Open the null device for a closed standard stream, or the next file would get its number."""
    try:
        os.fstat(descriptor)
    except OSError:
        os.open(os.devnull, os.O_RDWR)


def _take_over(stdout: TextIO) -> TextIO:
    """Duplicate standard output, and redirect its descriptor to standard error."""
    stdout.flush()
    taken = open(  # noqa: PTH123, SIM115 - a descriptor; open until the process ends
        os.dup(stdout.fileno()), "w", encoding=stdout.encoding, errors=stdout.errors
    )
    taken.buffer.raw.name = stdout.name  # type: ignore[attr-defined] # for messages
    os.dup2(2, stdout.fileno())
    return taken


def _open_devnull() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - open until the process ends


def _get_terminal_width() -> int:
    import shutil

    return shutil.get_terminal_size().columns
