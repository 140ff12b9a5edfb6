"""Thousands of cases by hand.

PYTHONPATH=tests python -m whole [--draws N] [--seed N] [--jobs N]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from whole.campaign import work


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1e9)
    given = parser.parse_args()
    began = time.monotonic()
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        shares = [
            range(given.seed + number, given.seed + given.draws, given.jobs)
            for number in range(given.jobs)
        ]
        with ProcessPoolExecutor(given.jobs, get_context("spawn")) as pool:
            found = list(
                pool.map(work, shares, [Path(folder)] * given.jobs, [given.seconds] * given.jobs)
            )
    total: Counter[str] = Counter()
    for counts, _ in found:
        total += counts
    print(
        dict(total),
        f"{sum(len(each) for _, each in found)} wrong, {time.monotonic() - began:.0f} s",
    )
    return int(any(each for _, each in found))


if __name__ == "__main__":
    sys.exit(main())
