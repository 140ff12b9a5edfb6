"""The compiled scanner, built once for all tests of a run, away from the checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

SOURCE = Path(__file__).parents[2] / "plugins" / "bulkflow-scanner"

PROBE = """
import sys
from setuptools.command.bdist_wheel import bdist_wheel
from distutils.ccompiler import new_compiler
from distutils.sysconfig import customize_compiler
import sysconfig
compiler = new_compiler()
customize_compiler(compiler)
compiler.compile([sys.argv[1]], include_dirs=[sysconfig.get_paths()["include"]])
"""


def built(root: Path) -> Path | str:
    """The folder that the wheel is installed into, or why it cannot be built here.

    Args:
        root: A folder that all processes of the run share.
    """
    folder, reason = root / "scanner", root / "scanner.txt"
    with FileLock(root / "scanner.lock"):
        if not folder.exists() and not reason.exists():
            lacking = _lacking(root)
            if lacking is None:
                _build(root / "scanner-source", folder)
            else:
                reason.write_text(lacking, "utf-8")
    return folder if folder.exists() else reason.read_text("utf-8")


def _lacking(root: Path) -> str | None:
    """What is not there that a build needs; a build that fails although all is there is a fault."""
    probe = root / "probe.c"
    probe.write_text("#include <Python.h>\nint probe(void) { return PY_VERSION_HEX; }\n", "utf-8")
    command = [sys.executable, "-W", "ignore", "-c", PROBE, probe.name]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if done.returncode == 0:
        return None
    last = (done.stderr.strip().splitlines() or [""])[-1]
    return f"bulkflow-scanner needs a C compiler, Python's headers and setuptools: {last}"


def _build(source: Path, folder: Path) -> None:
    # setuptools writes beside what it builds.
    shutil.copytree(SOURCE, source, ignore=shutil.ignore_patterns("build", "*.egg-info"))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    command += ["--no-build-isolation", "--disable-pip-version-check", "--target", str(folder)]
    done = subprocess.run([*command, str(source)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
