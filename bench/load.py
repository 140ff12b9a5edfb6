"""Loads a generated file into a sandbox in another process, and prints time and memory.

    python bench/load.py --size 100MB

The file resembles `examples/quickstart/accounts.csv`, with a unique key in every row. The client is
`bulkflow run` in its own process: CPU time and peak memory are those of the whole process,
including the start of Python. The sandbox runs on the same machine, so the wall time covers both
processes; the CPU time is that of the client alone.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[1]
UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9}
PIPELINE = """\
org env

job accounts
    insert Account
    from "accounts.csv"
    parts of {part}

load job accounts
require failed rows of job accounts under 1%
save failed rows of job accounts to "failed.csv"
"""


@frozen
class Spent:
    """The cost of a process: seconds, and peak memory in bytes (None if unknown)."""

    wall: float
    cpu: float
    peak: int | None


def generate(path: Path, size: int) -> int:
    """Write a file of about `size` bytes and return its number of rows."""
    header, _, block = (ROOT / "examples/quickstart/accounts.csv").read_bytes().partition(b"\n")
    rows = 10_000
    with path.open("wb") as file:
        file.write(header + b"\n")
        number = 0
        while file.tell() < size:
            file.write(block.replace(b"\nERP-", b"\nERP%d-" % number).replace(b"ERP-", b"", 1))
            number += 1
    return rows * number


def keep_bytecode(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without `PYTHONDONTWRITEBYTECODE`.

    With it, every process would compile the checkout again, which doubles the time of a start. The
    modules of an installed package are compiled.
    """
    return {name: value for name, value in environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def measure(command: list[str], folder: Path, environ: dict[str, str]) -> Spent:
    """Run a command and return its cost; exit if it fails."""
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env=keep_bytecode(environ))
    if not hasattr(os, "wait4"):
        code, cpu, peak = process.wait(), float("nan"), None
    else:
        _, status, usage = os.wait4(process.pid, 0)
        code = process.returncode = os.waitstatus_to_exitcode(status)
        cpu = usage.ru_utime + usage.ru_stime
        # Kibibytes on Linux, bytes on macOS.
        peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    wall = time.perf_counter() - began
    if code != 0:
        sys.exit(f"the load failed with exit code {code}")
    return Spent(wall, cpu, peak)


def serve(folder: Path) -> tuple[subprocess.Popen[str], dict[str, str]]:
    """Start a sandbox and return it with the environment variables for its clients."""
    command = [sys.executable, "-m", "bulkflow", "sandbox", "serve", "--data", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    variables: dict[str, str] = {}
    while len(variables) < 2:
        line = process.stdout.readline()
        if not line:
            sys.exit("the sandbox did not start")
        name, _, value = line.removeprefix("export ").strip().partition("=")
        if name.startswith("SF_"):
            variables[name] = value.strip("'")
    return process, variables


def parse_size(text: str) -> int:
    """Parse a size such as 100MB."""
    unit = text[-2:].upper()
    if unit not in UNITS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size; write it like 100MB")
    return int(float(text[:-2]) * UNITS[unit])


def main() -> None:
    """Generate a file, load it and print the results."""
    parser = argparse.ArgumentParser(description="Measures a load of a file into a sandbox.")
    parser.add_argument("--size", type=parse_size, default=parse_size("50MB"), help="such as 100MB")
    parser.add_argument("--part", default="100MB", help="maximum size of a part")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bulkflow-bench-") as name:
        folder = Path(name)
        rows = generate(folder / "accounts.csv", chosen.size)
        size = (folder / "accounts.csv").stat().st_size
        (folder / "load.bulkflow").write_text(PIPELINE.format(part=chosen.part), "utf-8")
        sandbox, variables = serve(folder / "sandbox")
        try:
            command = [sys.executable, "-m", "bulkflow", "run", "--fresh", "load.bulkflow"]
            spent = measure(command, folder, {**os.environ, **variables})
        finally:
            sandbox.terminate()
            sandbox.wait()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{rows:,} rows, {size / 1e6:,.1f} MB in {spent.wall:,.1f} s")
    print(f"  {rows / spent.wall:,.0f} rows/s, {size / 1e6 / spent.wall:,.1f} MB/s")
    print(
        f"  {spent.cpu / (size / 1e9):,.2f} CPU seconds per GB, client ({spent.cpu:.2f} s in total)"
    )
    if spent.peak is not None:
        print(f"  {spent.peak / 1e6:,.0f} MB peak memory, client")


if __name__ == "__main__":
    main()
