"""The two ways to read a file, side by side: with numpy, and with the wheel bulkflow-scanner.

The wheel is built and installed into a folder of its own, so that nothing else changes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "plugins" / "bulkflow-scanner"


def environments(folder: Path) -> dict[str, dict[str, str]]:
    """What a process is told to read in each way, by what a table says of it; numpy's comes first.

    Where the wheel cannot be built, as there is no C compiler, that is said, and left out.

    Args:
        folder: An existing folder, for the wheel and what is needed besides.
    """
    without, place = folder / "without", folder / "scanner"
    without.mkdir()
    # It may be installed in this environment.
    (without / "bulkflow_scanner.py").write_text("raise ImportError('left out')\n", "utf-8")
    found = {"": {**os.environ, "PYTHONPATH": str(without)}}
    # setuptools writes beside what it builds.
    source = folder / "source"
    shutil.copytree(SOURCE, source, ignore=shutil.ignore_patterns("build", "*.egg-info"))
    command = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--no-build-isolation"]
    command += ["--disable-pip-version-check", "--no-index", "--target", str(place), str(source)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode == 0:
        found[", scanner"] = {**os.environ, "PYTHONPATH": str(place)}
    else:
        print("bulkflow-scanner could not be built, so the rows with it are left out:")
        print(f"{(done.stderr.strip().splitlines() or ['pip says nothing'])[-1]}\n")
    return found
