"""Looks the installed dependencies up among known weaknesses, with pip-audit, once a day.

A weakness that is found fails it. Where nobody can be asked, as in a closed network, it says so and
passes, unless `--must-ask` is given. pip-audit has an environment of its own, which is no place to
look: what is looked up is what stands beside bulkflow.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import venv
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path

from attrs import frozen

Command = Callable[[list[str]], subprocess.CompletedProcess[str]]

LONGEST = 300.0
"""Seconds that a command may take: some networks swallow what is sent into them."""


@frozen
class Verdict:
    """What became of a look-up.

    Attributes:
        found: A line for each known weakness.
        unasked: The dependencies that nobody could tell anything of.
        reason: Why nothing was looked up at all; blank if something was.
    """

    found: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()
    reason: str = ""


def verdict(answer: str, complaint: str) -> Verdict:
    """What pip-audit's answer says; it calls dependencies clean that it could not look up.

    Args:
        answer: Its output, as JSON.
        complaint: What it wrote to standard error.
    """
    try:
        told = json.loads(answer)["dependencies"]
    except (ValueError, KeyError):
        lines = complaint.strip().splitlines() or ["pip-audit gave no answer"]
        return Verdict(reason=lines[-1])
    found = tuple(
        f"{each['name']} {each['version']}: {weakness['id']}, mended in "
        f"{', '.join(weakness['fix_versions']) or 'no release yet'}"
        for each in told
        for weakness in each.get("vulns", ())
    )
    unasked = tuple(each["name"] for each in told if "vulns" not in each)
    if told and len(unasked) == len(told):
        return Verdict(reason=f"none is known to the service, {unasked[0]} for one")
    return Verdict(found, unasked)


def audit(
    installed: str, folder: Path, today: str, command: Command, *, must_ask: bool = False
) -> int:
    """Look the dependencies up, unless that was done today; the exit code.

    Args:
        installed: A line `name==version` for each.
        folder: Where pip-audit lives, made if need be, and where the last look is kept.
        today: The date.
        command: Runs a command.
        must_ask: Whether to fail if nothing could be looked up.
    """
    kept = folder / "looked-up"
    looked = f"{today} {hashlib.sha256(installed.encode()).hexdigest()}\n"
    before = kept.read_text("utf-8") if kept.exists() and not must_ask else ""
    if before == looked:
        print("audit: the dependencies were looked up today; no weakness is known")
        return 0
    if before.startswith(looked):
        found = Verdict(reason=f"{before.removeprefix(looked)} (today; `make audit` asks again)")
    else:
        found = _asked(installed, folder, command)
        if found.reason:
            # To find out that a network is closed may take minutes.
            kept.write_text(looked + found.reason, "utf-8")
    if found.reason:
        print(f"audit: NOTHING WAS LOOKED UP: {found.reason}", file=sys.stderr)
        return 1 if must_ask else 0
    for line in found.found:
        print(f"audit: {line}", file=sys.stderr)
    if found.unasked:
        print(f"audit: not looked up, as unknown: {', '.join(found.unasked)}", file=sys.stderr)
    if found.found or (must_ask and found.unasked):
        return 1
    print("audit: the dependencies were looked up; no weakness is known")
    if not found.unasked:
        kept.write_text(looked, "utf-8")
    return 0


def _asked(installed: str, folder: Path, command: Command) -> Verdict:
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    if not (folder / "pyvenv.cfg").exists():
        venv.create(folder, with_pip=True)
    python = str(programs / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    made = command([*pip, "--retries", "1", "pip-audit"])
    if made.returncode:
        return Verdict(reason="pip-audit cannot be installed")
    listed = folder / "installed.txt"
    listed.write_text(installed, "utf-8")
    options = ["--disable-pip", "--no-deps", "--progress-spinner", "off", "--format", "json"]
    asked = command([python, "-m", "pip_audit", *options, "--requirement", str(listed)])
    return verdict(asked.stdout, asked.stderr)


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, or to the end of patience."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"no answer within {LONGEST:g} s")


def installed_here() -> str:
    """What is installed beside this program, bulkflow left out."""
    names = {(each.name, each.version) for each in distributions() if each.name != "bulkflow-sf"}
    return "".join(f"{name}=={version}\n" for name, version in sorted(names))


if __name__ == "__main__":
    sys.exit(
        audit(
            installed_here(),
            Path(sys.argv[1]),
            f"{datetime.now(UTC):%Y-%m-%d}",
            run,
            must_ask="--must-ask" in sys.argv[2:],
        )
    )
