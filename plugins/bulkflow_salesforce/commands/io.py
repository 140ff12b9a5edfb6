"""What a command is given of the world: streams and variables, as the command line has them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, BinaryIO, Protocol, TextIO, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    import click


class Surroundings(Protocol):
    """As much of it as these commands use."""

    @property
    def stdout(self) -> TextIO:
        """For data."""
        ...

    @property
    def stderr(self) -> TextIO:
        """For words to people."""
        ...

    @property
    def stdin(self) -> BinaryIO | None:
        """For secrets that are piped in."""
        ...

    @property
    def environ(self) -> Mapping[str, str]:
        """The variables."""
        ...


class _Process:
    stdout = sys.stdout
    stderr = sys.stderr
    stdin: BinaryIO | None = getattr(sys.stdin, "buffer", None)
    environ: Mapping[str, str] = os.environ


def surroundings_of(context: click.Context) -> Surroundings:
    """Those that the command line was started with; those of the process elsewhere."""
    given = context.obj
    return cast("Surroundings", given) if hasattr(given, "environ") else _Process()


def say(world: Surroundings, text: str) -> None:
    """Write words for people, on stderr."""
    world.stderr.write(text + "\n")
    world.stderr.flush()
