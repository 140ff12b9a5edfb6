"""What a command does to a process that is its own."""

from __future__ import annotations

import gc
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping


@contextmanager
def own_process(environ: MutableMapping[str, str] = os.environ) -> Iterator[None]:
    """A process that does one command and ends."""
    # numpy's linear algebra, which nothing here uses, starts a thread for every processor when it
    # is loaded: on two of them a fifth of numpy's import.
    environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        yield
    finally:
        # What is left goes with the process. The collector would look through all of it once more
        # at the end, for a twentieth of the time that checking a small file takes.
        gc.freeze()
