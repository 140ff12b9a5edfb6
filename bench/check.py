"""Times the start of `bulkflow check`, and its time for a line of files of 10 to 10,000 lines.

    python bench/check.py --runs 15

Each figure is the processor time of a whole process, the start of Python included. One round that
does not count comes first, so that all modules are compiled; then the processes run in turns. What
is compared is compared within each round, since a machine with other work is not equally fast all
the time: a ratio or a difference is the median of those of the rounds, with the middle half of them
in brackets.

The start is held against a process that imports lark, pluggy and attrs and does nothing. The longer
files are checked as they are, and with a mistake in every block; a line's time is what a file takes
more than the next shorter one, for each line that it has more.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles

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


def pipeline(block: str, lines: int) -> str:
    """A file of so many lines: whole blocks, and comments for the rest."""
    blocks = "".join(block.format(n=n) for n in range((lines - 1) // BLOCK.count("\n")))
    text = HEAD + blocks
    return text + "#\n" * (lines - text.count("\n"))


def seconds(*arguments: str, expected: int = 0) -> float:
    """Processor seconds of a Python process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if ran.returncode != expected:
        raise SystemExit(f"ended with {ran.returncode}: {ran.stderr[-2000:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def middle(values: list[float], form: str) -> str:
    """The median, and the middle half."""
    low, _, high = quantiles(values, n=4)
    return f"{median(values):{form}} ({low:{form}} to {high:{form}})"


def measure(folder: Path, runs: int) -> None:
    small = folder / "small.bulkflow"
    small.write_text(SMALL, "utf-8")
    commands: dict[str, tuple[tuple[str, ...], int]] = {
        "import lark, pluggy, attrs": (("-c", "import lark, pluggy, attrs"), 0),
        "to the first diagnostic": (("-m", "bulkflow", "check", str(small)), 2),
    }
    files = {
        kind: [(f"{kind}, {lines:,} lines", lines) for lines in LINES]
        for kind in ("fine", "mistaken")
    }
    for kind, block, code in (("fine", BLOCK, 0), ("mistaken", MISTAKEN, 2)):
        for name, lines in files[kind]:
            path = folder / f"{kind}-{lines}.bulkflow"
            path.write_text(pipeline(block, lines), "utf-8")
            commands[name] = ("-m", "bulkflow", "check", str(path)), code
    took: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(runs + 1):
        for name, (arguments, code) in commands.items():
            spent = seconds(*arguments, expected=code)
            if number:
                took[name].append(spent)
    libraries, first = took["import lark, pluggy, attrs"], took["to the first diagnostic"]
    ratios = [mine / theirs for mine, theirs in zip(first, libraries, strict=True)]
    print(f"{'import lark, pluggy, attrs':28} {median(libraries):6.3f} s")
    print(f"{'to the first diagnostic':28} {median(first):6.3f} s   {middle(ratios, '.2f')} x")
    for sizes in files.values():
        print(f"{sizes[0][0]:28} {median(took[sizes[0][0]]):6.3f} s")
        for (shorter, fewer), (name, lines) in pairwise(sizes):
            pairs = zip(took[name], took[shorter], strict=True)
            each = [(longer - short) / (lines - fewer) * 1e6 for longer, short in pairs]
            print(f"{name:28} {median(took[name]):6.3f} s   {middle(each, '.0f')} us a line")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=15, help="rounds that count; at least 2")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), max(2, options.runs))


if __name__ == "__main__":
    main()
