"""`make crash`: thousands of schedules, and how many of what kind.

PYTHONPATH=tests python -m crash [--schedules N] [--seed N] [--only TEXT] [--folder DIR]
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

from crash.campaign import work
from crash.scenarios import ALL


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", default="")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--stop", action="store_true", help="stop at the first that fails")
    given = parser.parse_args()
    chosen = [each for each in ALL if given.only in each.name]
    began = time.monotonic()
    memory = Path("/dev/shm")
    base = given.folder or (memory if memory.is_dir() else None)
    with tempfile.TemporaryDirectory(prefix="bulkflow-crash-", dir=base) as folder:
        tempfile.tempdir = folder
        os.environ["TMPDIR"] = folder
        shares = [
            (
                number,
                chosen[number :: given.jobs],
                given.schedules // given.jobs,
                given.seed,
                Path(folder),
                given.stop,
            )
            for number in range(given.jobs)
        ]
        with ProcessPoolExecutor(given.jobs, get_context("spawn")) as pool:
            found = list(pool.map(work, *zip(*shares, strict=True)))
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


if __name__ == "__main__":
    sys.exit(main())
