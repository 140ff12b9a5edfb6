"""Loads a generated file into a sandbox in another process, and prints what it took.

    python bench/load.py --size 100MB

The file is like `examples/quickstart/accounts.csv`, with keys of its own in every row. The client
is `bulkflow run` in a process of its own: processor time and peak memory are of the whole process,
the start of Python included. On two cores the sandbox works beside it, so the wall time is the
pair's; the processor time is the client's alone.
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
save failed rows of job accounts to "failed.csv"
"""


@frozen
class Spent:
    """What a process took: seconds, and bytes of memory at its peak (None where it is not told)."""

    wall: float
    cpu: float
    peak: int | None


def generate(path: Path, size: int) -> int:
    """Write a file of about so many bytes; returns its rows."""
    header, _, block = (ROOT / "examples/quickstart/accounts.csv").read_bytes().partition(b"\n")
    rows = 10_000
    with path.open("wb") as file:
        file.write(header + b"\n")
        number = 0
        while file.tell() < size:
            file.write(block.replace(b"\nERP-", b"\nERP%d-" % number).replace(b"ERP-", b"", 1))
            number += 1
    return rows * number


def as_installed(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of a process whose modules are kept compiled, as those of a package are.

    `PYTHONDONTWRITEBYTECODE` would have a checkout compiled anew in every process, which takes as
    much time as all the rest of a start.
    """
    return {name: value for name, value in environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def measured(command: list[str], folder: Path, environ: dict[str, str]) -> Spent:
    """Run a command to its end; ends this program if it fails."""
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env=as_installed(environ))
    if not hasattr(os, "wait4"):
        code, cpu, peak = process.wait(), float("nan"), None
    else:
        _, status, usage = os.wait4(process.pid, 0)
        code = process.returncode = os.waitstatus_to_exitcode(status)
        cpu = usage.ru_utime + usage.ru_stime
        # Linux counts kibibytes, macOS bytes.
        peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    wall = time.perf_counter() - began
    if code != 0:
        sys.exit(f"the load ended with {code}")
    return Spent(wall, cpu, peak)


def serve(folder: Path) -> tuple[subprocess.Popen[str], dict[str, str]]:
    """Start a sandbox; returns it with the variables that lead to it."""
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


def size_of(text: str) -> int:
    """The bytes of a size such as 100MB."""
    unit = text[-2:].upper()
    if unit not in UNITS:
        raise argparse.ArgumentTypeError("a size looks like 100MB")
    return int(float(text[:-2]) * UNITS[unit])


def main() -> None:
    """Generate, load, print."""
    parser = argparse.ArgumentParser(description="Loads a file into a sandbox and measures it.")
    parser.add_argument("--size", type=size_of, default=size_of("50MB"), help="such as 100MB")
    parser.add_argument("--part", default="100MB", help="how large a part may get")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bulkflow-bench-") as name:
        folder = Path(name)
        rows = generate(folder / "accounts.csv", chosen.size)
        size = (folder / "accounts.csv").stat().st_size
        (folder / "load.bulkflow").write_text(PIPELINE.format(part=chosen.part), "utf-8")
        sandbox, variables = serve(folder / "sandbox")
        try:
            command = [sys.executable, "-m", "bulkflow", "run", "--fresh", "load.bulkflow"]
            spent = measured(command, folder, {**os.environ, **variables})
        finally:
            sandbox.terminate()
            sandbox.wait()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{rows:,} rows, {size / 1e6:,.1f} MB in {spent.wall:,.1f} s")
    print(f"  {rows / spent.wall:,.0f} rows/s, {size / 1e6 / spent.wall:,.1f} MB/s")
    print(
        f"  {spent.cpu / (size / 1e9):,.2f} CPU seconds per GB, client ({spent.cpu:.2f} s in all)"
    )
    if spent.peak is not None:
        print(f"  {spent.peak / 1e6:,.0f} MB peak memory, client")


if __name__ == "__main__":
    main()
