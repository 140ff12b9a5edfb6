"""What a command may touch of the world, in one value, so that tests run whole commands."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping


@frozen
class Environment:
    """Streams and variables."""

    stdout: TextIO = field(repr=False)
    stderr: TextIO = field(repr=False)
    environ: Mapping[str, str] = field(repr=False)

    @classmethod
    def of_process(cls) -> Environment:
        """Those of this process."""
        return cls(sys.stdout, sys.stderr, os.environ)

    @property
    def debug(self) -> bool:
        """Whether the user wants the traceback of what should not happen."""
        return bool(self.environ.get("BULKFLOW_DEBUG"))
