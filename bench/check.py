"""Times `bulkflow check` on files of 10, 1,000 and 10,000 lines, and its start.

    python bench/check.py --runs 7

Each figure is the processor time of a whole process, the start of Python included; of several runs,
taken in turns, the median counts. Start-up is held against a process that imports lark, pluggy and
attrs and does nothing. The long files are checked as they are, and with a mistake in every block.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

LINES = (10, 1_000, 10_000)

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


def pipeline(block: str, lines: int) -> str:
    """A file of so many lines: whole blocks, and comments for the rest."""
    blocks = "".join(block.format(n=n) for n in range((lines - 1) // BLOCK.count("\n")))
    text = HEAD + blocks
    return text + "#\n" * (lines - text.count("\n"))


def seconds(*arguments: str, expected: int) -> float:
    """Processor seconds of a Python process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if ran.returncode != expected:
        raise SystemExit(f"ended with {ran.returncode}: {ran.stderr[-2000:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(folder: Path, runs: int) -> None:
    small = folder / "small.bulkflow"
    small.write_text('org sandbox\nlod job a\njob a\n    insert Account\n    from "a"\n', "utf-8")
    files: dict[str, tuple[Path, int]] = {}
    for kind, block, code in (("fine", BLOCK, 0), ("mistaken", MISTAKEN, 2)):
        for lines in LINES:
            path = folder / f"{kind}-{lines}.bulkflow"
            path.write_text(pipeline(block, lines), "utf-8")
            files[f"{kind}, {lines:,} lines"] = path, code
    libraries: list[float] = []
    first: list[float] = []
    took: dict[str, list[float]] = {name: [] for name in files}
    for _ in range(runs):
        libraries.append(seconds("-c", "import lark, pluggy, attrs", expected=0))
        first.append(seconds("-m", "bulkflow", "check", str(small), expected=2))
        for name, (path, code) in files.items():
            took[name].append(seconds("-m", "bulkflow", "check", str(path), expected=code))
    base, start = median(libraries), median(first)
    print(f"import lark, pluggy, attrs     {base:6.3f} s")
    print(f"to the first diagnostic        {start:6.3f} s   {start / base:.2f} x")
    for kind in ("fine", "mistaken"):
        smallest = median(took[f"{kind}, {LINES[0]:,} lines"])
        for lines in LINES:
            whole = median(took[f"{kind}, {lines:,} lines"])
            line = f"{kind + f', {lines:,} lines':30} {whole:6.3f} s"
            if lines > LINES[0]:
                line += f"   {(whole - smallest) / (lines - LINES[0]) * 1e6:5.1f} us a line"
            print(line)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), options.runs)


if __name__ == "__main__":
    main()
