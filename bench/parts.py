"""Loads many small parts into a sink, and prints the cost of one part.

    python bench/parts.py --parts 4000
    python bench/parts.py --parts 20000 --jobs 500

Each part is a single row, so its bytes cost almost nothing. The benchmark measures the requests
that create, upload, close and poll a job, and the journal's writes. The jobs come from a loop over
as many files. The CPU time is that of the whole process minus that of a load of one part, which
includes the start of Python.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from path import measure_quietly, run_sink

if TYPE_CHECKING:
    from load import Spent

PIPELINE = """\
org env

for file in "in/*.csv"
    job accounts
        insert Account
        from "{file}"
        parts of 1 rows
        over 16 connections

    load job accounts
"""


def load(folder: Path, url: str, parts: int, jobs: int) -> Spent:
    """Load this many one-row parts in this many jobs."""
    (folder / "in").mkdir(parents=True)
    (folder / "load.bulkflow").write_text(PIPELINE, "utf-8")
    for number in range(jobs):
        rows = range(number, parts, jobs)
        text = "Name\n" + "".join(f"Account {row}\n" for row in rows)
        (folder / "in" / f"{number:06}.csv").write_text(text, "utf-8")
    environ = {**os.environ, "SF_ACCESS_TOKEN": "x", "SF_ORG_INSTANCE_URL": url}
    command = [sys.executable, "-m", "bulkflow", "run", "--fresh", "load.bulkflow"]
    return measure_quietly(command, folder, environ)


def main() -> None:
    """Measure and print the results."""
    parser = argparse.ArgumentParser(
        description="Measures the cost of a part apart from its bytes."
    )
    parser.add_argument("--parts", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=1)
    chosen = parser.parse_args()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}\n"
    )
    with tempfile.TemporaryDirectory(prefix="bulkflow-bench-") as name, run_sink() as port:
        folder, url = Path(name), f"http://localhost:{port}"
        one = load(folder / "one", url, 1, 1)
        many = load(folder / "many", url, chosen.parts, chosen.jobs)
    each = (many.cpu - one.cpu) / max(1, chosen.parts - 1) * 1e3
    peak = "" if many.peak is None else f"{many.peak / 1e6:.0f}"
    print(
        "| parts | jobs | CPU s | CPU ms per part | wall s | peak MB |\n|---|---|---|---|---|---|"
    )
    print(
        f"| {chosen.parts:,} | {chosen.jobs:,} | {many.cpu:.1f} | {each:.2f} "
        f"| {many.wall:.1f} | {peak} |"
    )


if __name__ == "__main__":
    main()
