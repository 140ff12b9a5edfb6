"""The streams and environment variables of a command."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, BinaryIO, Protocol, TextIO, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    import click


class CommandIO(Protocol):
    """The streams and variables that these commands use."""

    @property
    def stdout(self) -> TextIO:
        """The stream for data."""
        ...

    @property
    def stderr(self) -> TextIO:
        """The stream for messages."""
        ...

    @property
    def stdin(self) -> BinaryIO | None:
        """The stream for secrets that are piped in."""
        ...

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment variables."""
        ...


class _ProcessIO:
    stdout = sys.stdout
    stderr = sys.stderr
    stdin: BinaryIO | None = getattr(sys.stdin, "buffer", None)
    environ: Mapping[str, str] = os.environ


def get_command_io(context: click.Context) -> CommandIO:
    """Get the streams and variables of the command line, or else those of the process."""
    given = context.obj
    return cast("CommandIO", given) if hasattr(given, "environ") else _ProcessIO()


def say(io: CommandIO, text: str) -> None:
    """Write a message to stderr."""
    io.stderr.write(text + "\n")
    io.stderr.flush()
