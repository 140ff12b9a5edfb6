"""The garbage collector's share of a command that makes many small values and then ends."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

YOUNG = 1_000_000
"""New containers between two collections: more than a check of 10,000 lines makes.

With Python's own 700 the collector takes a quarter of such a check, with 200,000 a seventh.
"""

YOUNG_IN_RUNS = 100_000
"""The same for the whole process of a command: more than the modules of a run make.

With Python's own 700 the collector takes a twentieth of a small load, which makes no cycles that
are worth it.
"""


def collect_seldom() -> None:
    """Collect garbage seldom until the process ends, which is to be the command's own."""
    before = gc.get_threshold()
    gc.set_threshold(max(YOUNG_IN_RUNS, before[0]), *before[1:])


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Collect garbage seldom for a while: syntax trees have no cycles, so little would be found.

    The collector stays on, so memory stays bounded. It is a setting of the whole process, and so
    the affair of a command and not of the rooms that it calls.
    """
    before = gc.get_threshold()
    gc.set_threshold(max(YOUNG, before[0]), *before[1:])
    try:
        yield
    finally:
        # Freezing and thawing makes all values old without looking at them; otherwise the next one
        # would make the collector go through them all, which takes a twentieth of a start.
        gc.freeze()
        gc.unfreeze()
        gc.set_threshold(*before)
