"""Programs that the tests use where they are: npm packages, installed outside of the checkout."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

import pytest


class AbsentError(Exception):
    """A program is not there; the message is the reason."""


def skip(reason: str) -> NoReturn:
    """Skips a test for want of a program; fails it where REQUIRE_FOREIGN promises them all."""
    if os.environ.get("REQUIRE_FOREIGN"):
        pytest.fail(reason)
    pytest.skip(reason)


def cache_folder() -> Path:
    """The folder of the user in which programs keep what they can make again."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", tempfile.gettempdir()))
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return base / "bulkflow-tests"


def npm_packages(description: Path, *options: str) -> Path:
    """A folder with the packages that the files of another folder describe, made once.

    Args:
        description: A folder with package.json, and package-lock.json where versions are fixed.
        options: Further options of npm.

    Raises:
        AbsentError: node or npm is missing, or npm could not install them.
    """
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise AbsentError("node or npm is not installed")
    files = [path for path in sorted(description.iterdir()) if path.name.startswith("package")]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]
    folder = cache_folder() / f"{description.name}-{digest}"
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=folder.parent, prefix="partial-"))
    try:
        for path in files:
            shutil.copy(path, partial)
        command = "ci" if len(files) == 2 else "install"
        done = subprocess.run(
            [npm, command, "--no-audit", "--no-fund", *options],
            cwd=partial,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise AbsentError(f"npm could not install {folder.name}: {done.stderr[-400:]}")
        try:
            partial.rename(folder)
        except OSError:
            # Another run was faster.
            if not folder.exists():
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def node_program(runtime: Path, least: int = 22) -> Path:
    """The path of a Node.js of at least a major version: the machine's own, or the one from npm.

    Args:
        runtime: The folder that describes the package `node`.
        least: The major version.

    Raises:
        AbsentError: There is neither.
    """
    own = shutil.which("node")
    if own is not None:
        told = subprocess.run([own, "--version"], capture_output=True, text=True, check=False)
        major = told.stdout.removeprefix("v").partition(".")[0]
        if major.isdigit() and int(major) >= least:
            return Path(own)
    name = "node.exe" if sys.platform == "win32" else "node"
    program = npm_packages(runtime) / "node_modules" / "node" / "bin" / name
    if not program.exists():
        raise AbsentError(f"npm has no Node.js {least} for this machine")
    return program
