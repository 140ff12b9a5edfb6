"""Import numpy without starting its linear algebra threads."""

from __future__ import annotations

import os
import sys

_THREADS = "OPENBLAS_NUM_THREADS"


def load_numpy() -> None:
    """Import numpy without the threads of OpenBLAS, which bulkflow does not use.

    numpy starts one thread per core on import, which takes a quarter of the CPU time of the import.
    If the user has set the number of threads, it stays. Child processes do not inherit the setting.
    Call this before importing any module that imports numpy at its top.
    """
    if "numpy" in sys.modules:
        return
    chosen = _THREADS in os.environ
    if not chosen:
        os.environ[_THREADS] = "1"
    try:
        import numpy  # noqa: F401, ICN001 - imported for its entry in sys.modules
    finally:
        if not chosen:
            # Another thread may have removed it first.
            os.environ.pop(_THREADS, None)
