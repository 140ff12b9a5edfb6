"""`make crash`: thousands of schedules, and how many of what kind.

Half of them kill one load at its points (`scenarios`), half are journeys: files that are run, gone
on with, given up and run again, from anywhere, in an org that has trouble (`journey`).

PYTHONPATH=tests python -m crash [--schedules N] [--seed N] [--only TEXT] [--folder DIR]
PYTHONPATH=tests python -m crash --seed N --journey N
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from crash.campaign import Share, journey, work
from crash.faulty import FAULTY
from crash.forks import Forks
from crash.journey import LOST
from crash.judging import BrokenPromiseError
from crash.scenarios import ALL
from crash.walk import walk

JOURNEYS = "journeys"
"""The name by which `--only` finds these."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", default="", help="scenarios with this in their names")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--stop", action="store_true", help="stop at the first that fails")
    parser.add_argument("--journey", type=int, help="walk this one alone, and say what happens")
    parser.add_argument("--without", choices=sorted(FAULTY), help="walk without an invariant")
    given = parser.parse_args()
    memory = Path("/dev/shm")
    base = given.folder or (memory if memory.is_dir() else None)
    with tempfile.TemporaryDirectory(prefix="bulkflow-crash-", dir=base) as folder:
        tempfile.tempdir = folder
        os.environ["TMPDIR"] = folder
        if given.journey is not None:
            return _walk_one(given, Path(folder))
        unnoticed = _unnoticed(Path(folder)) if given.without is None and not given.only else []
        return _campaign(given, Path(folder)) or bool(unnoticed)


def _campaign(given: argparse.Namespace, folder: Path) -> int:
    began = time.monotonic()
    only_journeys = given.only == JOURNEYS or given.without is not None
    chosen = [] if only_journeys else [each for each in ALL if given.only in each.name]
    walked = given.schedules if only_journeys else given.schedules // 2 if not given.only else 0
    shares = [
        Share(
            number,
            chosen[number :: given.jobs],
            (given.schedules - walked) // given.jobs,
            range(number, walked, given.jobs),
            given.seed,
            folder,
            given.stop or given.without is not None,
            given.without,
        )
        for number in range(given.jobs)
    ]
    with ProcessPoolExecutor(given.jobs, get_context("spawn")) as pool:
        found = list(pool.map(work, shares))
    total: Counter[str] = Counter()
    failures: list[str] = []
    for counts, broken in found:
        total += counts
        failures += broken
    for name, number in sorted(total.items()):
        print(f"{number:7,}  {name}")
    print(f"{len(failures):7,}  broken, in {time.monotonic() - began:.0f} s, seed {given.seed}")
    for failure in failures[:20]:
        print(failure)
    return 1 if failures else 0


def _walk_one(given: argparse.Namespace, folder: Path) -> int:
    drawn = journey(given.seed, given.journey)
    print(drawn)
    with Forks.start() as forks:
        try:
            print("  " + "\n  ".join(walk(forks, drawn, folder / "one", given.without)))
        except BrokenPromiseError as error:
            print(f"BROKEN {error}")
            return 1
    return 0


def _unnoticed(folder: Path) -> list[str]:
    """The invariants whose loss the harness does not notice."""
    found = []
    with Forks.start() as forks:
        for name, on in LOST.items():
            try:
                walk(forks, on, folder / "lost", name)
            except BrokenPromiseError:
                continue
            found.append(name)
            print(f"NOT NOTICED: {name}", file=sys.stderr, flush=True)
    print(f"{len(LOST) - len(found):7,}  lost invariants of {len(LOST)} are noticed")
    return found


if __name__ == "__main__":
    sys.exit(main())
