"""Measures the cost of clauses that change rows, compared with DuckDB's CSV reader and writer.

    python bench/rewrite.py --size 1GB --runs 3

Every measurement rewrites the rows of a generated file in a new process, in the page cache. The
figures are the CPU time of the rewrite alone, without the start of Python and the scans before and
after it, and the peak memory of the process; medians of several runs.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from scan import generate, parse_size

WAYS = {
    "drop 4 columns": "Layout(tuple(c for c in all if c.index not in (2, 3, 6, 13)))",
    "set 1 field": "Layout((*all, Column('Rating', None, 'Hot')))",
    'null as "Retail"': "Layout(tuple(all), ('Retail',))",
    "all three": "Layout((*(c for c in all if c.index not in (2, 3, 6, 13)),"
    " Column('Rating', None, 'Hot')), ('Retail',))",
}
REWRITE = """
import resource, sys
from pathlib import Path
from bulkflow_csv import ByteSource, Column, Layout, read_head, rewrite
head = read_head(ByteSource.of(Path(sys.argv[1])))
all = [Column(name, index) for index, name in enumerate(head.header.columns)]
before = resource.getrusage(resource.RUSAGE_SELF)
rewrite(head, Path(sys.argv[2]), {layout})
after = resource.getrusage(resource.RUSAGE_SELF)
print(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, after.ru_maxrss)
"""
DUCKDB = """
import duckdb, resource, sys
names = [f"c{n}" for n in range(14)]
columns = "{" + ", ".join(f"{name}: 'VARCHAR'" for name in names) + "}"
kept = [name for n, name in enumerate(names) if n not in (2, 3, 6, 13)]
chosen = ", ".join(f"CASE WHEN {name} = 'Retail' THEN '#N/A' ELSE {name} END" for name in kept)
before = resource.getrusage(resource.RUSAGE_SELF)
base = duckdb.connect(config={"memory_limit": "256MB"})
base.execute("SET enable_progress_bar = false")
base.execute(
    f"COPY (SELECT {chosen}, 'Hot' FROM read_csv('{sys.argv[1]}', columns={columns}, delim=',',"
    f" quote='\\"', escape='\\"', header=true, auto_detect=false, force_not_null={names}))"
    f" TO '{sys.argv[2]}/duckdb.csv' (FORMAT csv, HEADER false)"
)
after = resource.getrusage(resource.RUSAGE_SELF)
print(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, after.ru_maxrss)
"""


def measure(path: Path, folder: Path, runs: int) -> None:
    size = path.stat().st_size
    print(f"file              {size:,} bytes")
    programs = {name: REWRITE.format(layout=layout) for name, layout in WAYS.items()}
    programs["all three, DuckDB"] = DUCKDB
    used: dict[str, list[float]] = {name: [] for name in programs}
    peaks: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(runs):
        for name, program in programs.items():
            with tempfile.TemporaryDirectory(dir=folder) as out:
                printed = subprocess.run(
                    [sys.executable, "-c", program, str(path), out],
                    check=True,
                    capture_output=True,
                    text=True,
                ).stdout.split()
            used[name].append(float(printed[-2]))
            # Kilobytes on Linux, bytes on macOS.
            peaks[name].append(int(printed[-1]) * (1 if sys.platform == "darwin" else 1024))
    for name in programs:
        each = median(used[name]) / size * 1e9
        print(f"{name:17} {each:6.2f} CPU s/GB {median(peaks[name]) / 1e6:6.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--size", type=parse_size, default=parse_size("200MB"), help="such as 200MB"
    )
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--dir", type=Path, help="folder for the temporary files")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.dir) as folder:
        path = Path(folder) / "accounts.csv"
        generate(path, options.size, "\n")
        measure(path, Path(folder), options.runs)


if __name__ == "__main__":
    main()
