"""Importing numpy."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

LOAD = """
import os, sys, threading
from pathlib import Path
from bulkflow_csv.scanning.load_numpy import load_numpy
load_numpy()
tasks = Path("/proc/self/task")
print(os.environ.get("OPENBLAS_NUM_THREADS"), "numpy" in sys.modules)
print(len(list(tasks.iterdir())) if tasks.exists() else 1)
"""


@pytest.mark.parametrize("chosen", [None, "2"])
def test_it_makes_no_threads_unless_the_user_wants_them(chosen: str | None) -> None:
    environ = {name: value for name, value in os.environ.items() if "NUM_THREADS" not in name}
    if chosen is not None:
        environ["OPENBLAS_NUM_THREADS"] = chosen
    found = subprocess.run(
        [sys.executable, "-c", LOAD], check=True, capture_output=True, text=True, env=environ
    ).stdout.split()
    assert found[:2] == [str(chosen), "True"]
    if chosen is None and Path("/proc/self/task").exists():
        assert found[2] == "1"
