"""Makes the environments for both backends: numpy, and the wheel bulkflow-scanner.

The wheel is installed into a temporary folder, so the Python environment does not change.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "plugins" / "bulkflow-scanner"


def make_environments(folder: Path) -> dict[str, dict[str, str]]:
    """Make the environment variables that select each backend, by the label in the tables.

    The first is numpy. Without a C compiler the wheel cannot be built; then a message is printed,
    and numpy is the only one.

    Args:
        folder: An existing folder for the wheel and other files.
    """
    without, place = folder / "without", folder / "scanner"
    without.mkdir()
    # Hides a wheel that is installed in this environment.
    (without / "bulkflow_scanner.py").write_text("raise ImportError('left out')\n", "utf-8")
    found = {"": {**os.environ, "PYTHONPATH": str(without)}}
    # setuptools writes into the source folder.
    source = folder / "source"
    shutil.copytree(SOURCE, source, ignore=shutil.ignore_patterns("build", "*.egg-info"))
    command = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--no-build-isolation"]
    command += ["--disable-pip-version-check", "--no-index", "--target", str(place), str(source)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode == 0:
        found[", scanner"] = {**os.environ, "PYTHONPATH": str(place)}
    else:
        print("bulkflow-scanner could not be built; skipping its rows:")
        print(f"{(done.stderr.strip().splitlines() or ['no output from pip'])[-1]}\n")
    return found
