"""Times the start of `bulkflow check` and of a load, and the check of 10 to 10,000 lines.

    python bench/check.py --runs 15

Each figure is the CPU time of a whole process, including the start of Python. A warm-up round
compiles all modules; then the processes take turns. Ratios and differences are computed within each
round, because the speed of a busy machine varies; the figures are their median and, in brackets,
the middle half.

Start-up times are compared with a process that imports lark, pluggy and attrs and does nothing. The
load is a single row over plain HTTP into `bench/sink.py`. The longer files are checked once without
mistakes, and once with a mistake in every block. The time per line is the difference from the next
shorter file, divided by the additional lines.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

from load import keep_bytecode
from path import run_sink

LINES = (10, 1_000, 5_000, 10_000)

HEAD = "org sandbox\n"
BLOCK = """\
job accounts{n}
    upsert Account by External_Id__c
    from "export/{n}/accounts-*.csv"
    parts of 90MB
upload then close job accounts{n} on failure abort
wait for job accounts{n} up to 2h
require failed rows of job accounts{n} under 1%
when any failed rows of job accounts{n}
    save failed rows of job accounts{n} to "out/{n}.csv"
"""
MISTAKEN = BLOCK.replace("require failed", "requier failed")
SMALL = 'org sandbox\nlod job a\njob a\n    insert Account\n    from "a"\n'
LOAD = 'org env\njob a\n    insert Account\n    from "one.csv"\nload job a\n'
LIBRARIES = "import lark, pluggy, attrs"
DIAGNOSTIC = "to the first diagnostic"
ONE_ROW = "load of one row"


class Command(NamedTuple):
    """A command to time, and its expected exit code."""

    arguments: tuple[str, ...]
    code: int = 0


def pipeline(block: str, lines: int) -> str:
    """Write a file of this many lines: whole blocks, and comments for the rest."""
    blocks = "".join(block.format(n=n) for n in range((lines - 1) // BLOCK.count("\n")))
    text = HEAD + blocks
    return text + "#\n" * (lines - text.count("\n"))


def measure_cpu(command: Command, folder: Path, environ: dict[str, str]) -> float:
    """Run a Python process and return its CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(
        [sys.executable, *command.arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=environ,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if ran.returncode != command.code:
        raise SystemExit(f"exit code {ran.returncode}: {ran.stderr[-2000:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def format_median(values: list[float], spec: str) -> str:
    """Format the median and the middle half."""
    low, _, high = quantiles(values, n=4)
    return f"{median(values):{spec}} ({low:{spec}} to {high:{spec}})"


def measure(folder: Path, runs: int, port: int) -> None:
    """Run all commands in turns and print the results."""
    (folder / "small.bulkflow").write_text(SMALL, "utf-8")
    (folder / "load.bulkflow").write_text(LOAD, "utf-8")
    (folder / "one.csv").write_text("Name\nAcme\n", "utf-8")
    url = f"http://localhost:{port}"
    environ = keep_bytecode({**os.environ, "SF_ACCESS_TOKEN": "x", "SF_ORG_INSTANCE_URL": url})
    commands = {
        LIBRARIES: Command(("-c", LIBRARIES)),
        DIAGNOSTIC: Command(("-m", "bulkflow", "check", "small.bulkflow"), 2),
        ONE_ROW: Command(("-m", "bulkflow", "run", "--fresh", "load.bulkflow")),
    }
    files = {
        kind: [(f"{kind}, {lines:,} lines", lines) for lines in LINES]
        for kind in ("fine", "mistaken")
    }
    for kind, block, code in (("fine", BLOCK, 0), ("mistaken", MISTAKEN, 2)):
        for name, lines in files[kind]:
            path = folder / f"{kind}-{lines}.bulkflow"
            path.write_text(pipeline(block, lines), "utf-8")
            commands[name] = Command(("-m", "bulkflow", "check", str(path)), code)
    took: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(runs + 1):
        for name, command in commands.items():
            spent = measure_cpu(command, folder, environ)
            if number:
                took[name].append(spent)
    for name in (LIBRARIES, DIAGNOSTIC, ONE_ROW):
        ratios = [mine / theirs for mine, theirs in zip(took[name], took[LIBRARIES], strict=True)]
        ratio = "" if name == LIBRARIES else f"   {format_median(ratios, '.2f')} x {LIBRARIES}"
        print(f"{name:28} {median(took[name]):6.3f} s{ratio}")
    for sizes in files.values():
        print(f"{sizes[0][0]:28} {median(took[sizes[0][0]]):6.3f} s")
        for (shorter, fewer), (name, lines) in pairwise(sizes):
            pairs = zip(took[name], took[shorter], strict=True)
            each = [(longer - short) / (lines - fewer) * 1e6 for longer, short in pairs]
            print(f"{name:28} {median(took[name]):6.3f} s   {format_median(each, '.0f')} us a line")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=15, help="measured rounds; at least 2")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, run_sink() as port:
        measure(Path(folder), max(2, options.runs), port)


if __name__ == "__main__":
    main()
