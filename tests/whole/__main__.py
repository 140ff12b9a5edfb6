"""`make whole`: thousands of cases, sound ones and spoilt ones, and how many of what.

PYTHONPATH=tests python -m whole [--draws N] [--seed N] [--jobs N] [--seconds N]
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

from whole.campaign import Share


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1000, help="of each kind")
    parser.add_argument("--seed", type=int, default=0, help="the first one")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after these")
    given = parser.parse_args()
    began = time.monotonic()
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(
        prefix="bulkflow-whole-", dir=memory if memory.is_dir() else None
    ) as folder:
        last = given.seed + given.draws
        shares = [
            Share(range(first, last, given.jobs), Path(folder), seconds=given.seconds)
            for first in range(given.seed, given.seed + given.jobs)
        ]
        with ProcessPoolExecutor(given.jobs, get_context("spawn")) as pool:
            found = list(pool.map(Share.work, shares))
    total: Counter[str] = Counter()
    for counts, _ in found:
        total += counts
    for name, number in sorted(total.items()):
        print(f"{number:7,}  {name}")
    wrong = sum(number for _, number in found)
    print(f"{wrong:7,}  wrong, in {time.monotonic() - began:.0f} s, first seed {given.seed}")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
