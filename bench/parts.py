"""Loads many small parts into a sink, and prints what one part costs.

    python bench/parts.py --parts 4000
    python bench/parts.py --parts 20000 --jobs 500

Each part is a row of its own, so that its bytes cost nothing: what is measured are the requests
that make, fill, close and look at a job of the org, and what the journal writes for each. The
jobs come from a loop over as many files. Processor time is that of the whole process, less what a
load of one part takes, the start of Python included.
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

from path import quiet, sink

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
    """Load so many rows, each as a part, in so many jobs."""
    (folder / "in").mkdir(parents=True)
    (folder / "load.bulkflow").write_text(PIPELINE, "utf-8")
    for number in range(jobs):
        rows = range(number, parts, jobs)
        text = "Name\n" + "".join(f"Account {row}\n" for row in rows)
        (folder / "in" / f"{number:06}.csv").write_text(text, "utf-8")
    environ = {**os.environ, "SF_ACCESS_TOKEN": "x", "SF_ORG_INSTANCE_URL": url}
    command = [sys.executable, "-m", "bulkflow", "run", "--fresh", "load.bulkflow"]
    return quiet(command, folder, environ)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description="What one part costs, besides its bytes.")
    parser.add_argument("--parts", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=1)
    chosen = parser.parse_args()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}\n"
    )
    with tempfile.TemporaryDirectory(prefix="bulkflow-bench-") as name, sink() as port:
        folder, url = Path(name), f"http://localhost:{port}"
        one = load(folder / "one", url, 1, 1)
        many = load(folder / "many", url, chosen.parts, chosen.jobs)
    each = (many.cpu - one.cpu) / max(1, chosen.parts - 1) * 1e3
    peak = "" if many.peak is None else f"{many.peak / 1e6:.0f}"
    print(
        "| parts | jobs | CPU s | CPU ms for a part | wall s | peak MB |\n|---|---|---|---|---|---|"
    )
    print(
        f"| {chosen.parts:,} | {chosen.jobs:,} | {many.cpu:.1f} | {each:.2f} "
        f"| {many.wall:.1f} | {peak} |"
    )


if __name__ == "__main__":
    main()
