"""Loads numpy as this room needs it."""

from __future__ import annotations

import os
import sys

_THREADS = "OPENBLAS_NUM_THREADS"


def load_numpy() -> None:
    """Import numpy without the threads of its linear algebra library, which nothing here uses.

    They are made when numpy is imported, one for each core, and take a quarter of the import's
    processor time. A number of threads that the user set is left alone, and no other process
    is told. Called before anything that imports numpy at its top.
    """
    if "numpy" in sys.modules:
        return
    chosen = _THREADS in os.environ
    if not chosen:
        os.environ[_THREADS] = "1"
    try:
        import numpy  # noqa: F401, ICN001 - to be found in sys.modules
    finally:
        if not chosen:
            # Another thread may have come first.
            os.environ.pop(_THREADS, None)
