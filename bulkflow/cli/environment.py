"""What a command may touch of the world, in one value, so that tests run whole commands."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, BinaryIO, TextIO, TypedDict

from attrs import field, frozen

from bulkflow.errors import UsageError

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

    @classmethod
    def of_process(cls) -> Environment:
        """Those of this process."""
        return cls(sys.stdout, sys.stderr, os.environ, getattr(sys.stdin, "buffer", None))

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
        from bulkflow.report.choice import is_live

        return is_live(self.stderr, self.environ)

    def read_stdin(self) -> bytes:
        """All of the standard input."""
        return b"" if self.stdin is None else self.stdin.read()

    def show(self, text: str) -> None:
        """Write words for people, on stderr."""
        self.stderr.write(text.rstrip("\n") + "\n")

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
        from bulkflow.report.choice import is_live, wants_color
        from bulkflow.report.style import Style

        live = is_live(self.stdout, self.environ)
        return Style.of(self.stdout, color=live and wants_color(self.environ))

    def _form(self) -> _Form:
        from bulkflow.report.choice import wants_color

        live = self.live
        return {
            "color": live and wants_color(self.environ),
            "width": _columns() if live else None,
            "encoding": self.stderr.encoding or "utf-8",
        }


def _columns() -> int:
    """The width of the terminal."""
    import shutil

    return shutil.get_terminal_size().columns
