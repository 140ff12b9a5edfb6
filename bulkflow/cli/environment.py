"""What a command may touch of the world, in one value, so that tests run whole commands."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, TextIO, TypedDict

from attrs import field, frozen

from bulkflow.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bulkflow.errors import BulkflowError
    from bulkflow.model.diagnostic import Diagnostic
    from bulkflow.report.style import Style


GRACE = 8.0
"""Seconds; less than the ten after which `docker stop` kills."""

GRACE_VARIABLE = "BULKFLOW_GRACE"
"""Environment variable with another number of seconds."""

LONGEST_GRACE = 86_400.0


class _Form(TypedDict):
    color: bool
    width: int | None
    encoding: str


@frozen
class Environment:
    """Streams and variables."""

    stdout: TextIO = field(repr=False)
    stderr: TextIO = field(repr=False)
    environ: Mapping[str, str] = field(repr=False)
    stdin: BinaryIO | None = field(default=None, repr=False)
    """None reads nothing, as a process without a standard input does."""
    ends_process: bool = False
    """Whether the process ends with the command."""

    @classmethod
    def from_process(cls, *, owns_stdout: bool = False) -> Environment:
        """Those of this process. A closed one, as by `>&-`, takes everything and keeps nothing.

        With `owns_stdout` what anybody else writes to standard output goes to standard error: a
        `print` of a plugin, or a program that it calls, would break what machines read.
        """
        for descriptor in range(3):
            _occupy(descriptor)
        stdout, stderr = sys.stdout or _nowhere(), sys.stderr or _nowhere()
        if owns_stdout and sys.stdout:
            stdout = _taken(sys.stdout)
            sys.stdout = stderr
        return cls(stdout, stderr, os.environ, getattr(sys.stdin, "buffer", None), True)

    @property
    def debug(self) -> bool:
        """Whether the user wants the traceback of what should not happen."""
        return bool(self.environ.get("BULKFLOW_DEBUG"))

    @property
    def grace(self) -> float:
        """Seconds that a run which was asked to stop has for what is under way."""
        text = self.environ.get(GRACE_VARIABLE, "")
        try:
            seconds = float(text) if text else GRACE
        except ValueError:
            seconds = -1.0
        if not 0 <= seconds <= LONGEST_GRACE:
            raise UsageError(
                f"{GRACE_VARIABLE} is {text!r}, which is no number of seconds from 0 to "
                f"{LONGEST_GRACE:,.0f}",
                help=f"set it to a number such as 30, or unset it for {GRACE:g}",
            )
        return seconds

    @property
    def live(self) -> bool:
        """Whether words for people go to a terminal that can move its cursor."""
        from bulkflow.report.select_report import is_live

        return is_live(self.stderr, self.environ)

    def read_stdin(self, most: int) -> bytes:
        """The standard input, up to so many bytes."""
        return b"" if self.stdin is None else self.stdin.read(most)

    def show(self, text: str) -> None:
        """Write words for people, on stderr; where it takes none, there is nobody to say so to."""
        with suppress(OSError):
            self.stderr.write(text.rstrip("\n") + "\n")

    def flush(self, code: int) -> int:
        """Write what the streams hold back; returns the exit code of a command that came to `code`.

        A reader that went away has what it wanted. Where there is no room for the output, the
        command has failed.
        """
        for stream in (self.stdout, self.stderr):
            if stream.closed:
                # As the language server leaves it: everything was written then.
                continue
            try:
                stream.flush()
            except OSError as error:
                if stream is self.stdout and not isinstance(error, BrokenPipeError) and not code:
                    self.show(f"error: the output could not be written: {error.strerror}")
                    code = ExitCode.FAILED
                # Else the interpreter tries again when it ends, and ends with 120.
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return code

    def show_error(self, error: BulkflowError) -> None:
        """Write an error, on stderr."""
        from bulkflow.report import render_error

        self.show(render_error(error, **self._form()))

    def show_diagnostics(self, diagnostics: Sequence[Diagnostic]) -> None:
        """Write what is wrong with a pipeline file, on stderr."""
        if diagnostics:
            from bulkflow.report import render_diagnostics

            self.show(render_diagnostics(diagnostics, **self._form()))

    @property
    def style(self) -> Style:
        """How data for people is drawn on stdout."""
        from bulkflow.report.select_report import is_live, wants_color
        from bulkflow.report.style import Style

        live = is_live(self.stdout, self.environ)
        return Style.of(self.stdout, color=live and wants_color(self.environ))

    def _form(self) -> _Form:
        from bulkflow.report.select_report import wants_color

        live = self.live
        return {
            "color": live and wants_color(self.environ),
            "width": _columns() if live else None,
            "encoding": self.stderr.encoding or "utf-8",
        }


def _occupy(descriptor: int) -> None:
    """Keep files that are opened later from taking the place of a closed standard stream."""
    try:
        os.fstat(descriptor)
    except OSError:
        os.open(os.devnull, os.O_RDWR)


def _taken(stdout: TextIO) -> TextIO:
    """The standard output as another stream; its descriptor is that of standard error then."""
    stdout.flush()
    taken = open(  # noqa: PTH123, SIM115 - a descriptor; goes with the process
        os.dup(stdout.fileno()), "w", encoding=stdout.encoding, errors=stdout.errors
    )
    taken.buffer.raw.name = stdout.name  # type: ignore[attr-defined] # for messages
    os.dup2(2, stdout.fileno())
    return taken


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - goes with the process


def _columns() -> int:
    """The width of the terminal."""
    import shutil

    return shutil.get_terminal_size().columns
