"""Measures the scan of a generated CSV file, compared with `wc -l` of the same file.

    python bench/scan.py --size 1GB --line-ending CRLF --runs 5

The scan runs with numpy, and with the wheel bulkflow-scanner if it can be built. All processes
take turns and read the file from the page cache. The figures are the CPU time of the whole process,
including the start of Python, and its peak memory; medians of several runs.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from attrs import Factory, frozen
from scanner import make_environments

HEADER = "External_Id__c,Name,FirstName__c,LastName__c,Email__c,Phone,Website,Industry,"
HEADER += "AnnualRevenue,NumberOfEmployees,BillingStreet,BillingCity,BillingCountry,Description"
WORDS = [
    "North",
    "Harbor",
    "Silver",
    "Maple",
    "River",
    "Granite",
    "Summit",
    "Aurora",
    "Cobalt",
    "Meadow",
    "Falcon",
    "Juniper",
]
PLACES = [("San Francisco", "United States"), ("München", "Germany"), ("São Paulo", "Brazil")]
PLACES += [("London", "United Kingdom"), ("Austin", "United States"), ("東京", "Japan")]
PLACES += [("Denver", "United States"), ("Toronto", "Canada"), ("Sydney", "Australia")]
INDUSTRIES = ["Technology", "Banking", "Retail", "Healthcare", "Energy", ""]
UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9}
SEED_ROWS = 20_000


def make_record(source: random.Random, number: int, newline: str) -> str:
    """Make an account. About half have quotes, a seventh several lines, a third non-ASCII text."""
    one, two = source.choice(WORDS), source.choice(WORDS)
    city, country = source.choice(PLACES)
    name = f"{one} {two} Inc." if source.random() < 0.8 else f'"{one} {two}, Ltd."'
    street = f"{source.randrange(1, 9999)} {source.choice(WORDS)} Street"
    if source.random() < 0.15:
        street = f'"{street}{newline}Suite {source.randrange(900)}{newline}Floor 3"'
    elif source.random() < 0.1:
        street = f'"{street}, Building 7"'
    text = " ".join(source.choice(WORDS).lower() for _ in range(source.randrange(14)))
    if source.random() < 0.1:
        text = f'"{text}, they said ""not before {source.randrange(9, 18)}"""'
    return ",".join(
        [
            f"EXT-{number:09d}",
            name,
            one,
            two,
            f"{one}.{two}{number}@{two}.example.com".lower(),
            f"+1 555 {source.randrange(1000, 9999)}",
            f"https://www.{one}-{two}.example.com".lower(),
            source.choice(INDUSTRIES),
            f"{source.randrange(10**9)}.{source.randrange(100):02d}",
            str(source.randrange(50_000)),
            street,
            city,
            country,
            text,
        ]
    )


def generate(path: Path, size: int, newline: str) -> int:
    """Write about `size` bytes, the same in every run, and return the number of rows.

    The rows repeat, because making new ones would take longer than the measurements.
    """
    source = random.Random(20_240_607)
    rows = [make_record(source, number, newline) + newline for number in range(SEED_ROWS)]
    block = "".join(rows).encode()
    written = 0
    with path.open("wb") as file:
        file.write((HEADER + newline).encode())
        while written < size:
            file.write(block)
            written += len(block)
    return SEED_ROWS * (written // len(block))


def generate_apart(path: Path, size: int, newline: str = "\n") -> int:
    """Call `generate` in another process: child processes inherit the peak memory of this one."""
    code = "import sys; from pathlib import Path; from scan import generate; "
    code += "print(generate(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))"
    command = [sys.executable, "-c", code, str(path), str(size), newline]
    here = Path(__file__).parent
    return int(subprocess.run(command, cwd=here, check=True, capture_output=True).stdout)


SCAN = """
import resource, sys
from pathlib import Path
from bulkflow_csv import ByteSource, scan
before = resource.getrusage(resource.RUSAGE_SELF)
found = scan(ByteSource.of(Path(sys.argv[1])))
after = resource.getrusage(resource.RUSAGE_SELF)
print(
    found.rows,
    len(found.parts),
    after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    after.ru_maxrss,
)
"""


def run(
    command: list[str], environ: dict[str, str] | None = None
) -> tuple[float, float, list[str]]:
    """Run a command and return its CPU seconds, wall seconds and printed words."""
    import resource

    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    output = subprocess.run(command, check=True, capture_output=True, text=True, env=environ).stdout
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used, wall, output.split()


@frozen
class Passes:
    """The measurements of one backend, in seconds; peaks in bytes."""

    whole: list[float] = Factory(list)
    walls: list[float] = Factory(list)
    inner: list[float] = Factory(list)
    peaks: list[int] = Factory(list)
    parts: set[str] = Factory(set)


def measure(path: Path, rows: int, runs: int, backends: dict[str, dict[str, str]]) -> None:
    size = path.stat().st_size
    print(f"file         {size:,} bytes, {rows:,} rows")
    count = shutil.which("wc")
    baseline: list[float] = []
    taken = {backend: Passes() for backend in backends}
    for _ in range(runs):
        if count is not None:
            baseline.append(run([count, "-l", str(path)])[0])
        for backend, environ in backends.items():
            used, wall, (found, parts, passed, peak) = run(
                [sys.executable, "-c", SCAN, str(path)], environ
            )
            if int(found) != rows:
                raise SystemExit(f"the scan found {found} rows, not {rows}")
            taken[backend].whole.append(used)
            taken[backend].walls.append(wall)
            taken[backend].inner.append(float(passed))
            # Kilobytes on Linux, bytes on macOS.
            taken[backend].peaks.append(int(peak) * (1 if sys.platform == "darwin" else 1024))
            taken[backend].parts.add(parts)

    def line(label: str, seconds: list[float]) -> None:
        each = median(seconds) / size * 1e9
        ratio = f"{median(seconds) / median(baseline):6.1f} x wc -l" if any(baseline) else ""
        print(f"{label:22} {each:6.3f} CPU s/GB {ratio}")

    if any(baseline):
        line("wc -l", baseline)
    for backend, passes in taken.items():
        line(f"scan{backend}", passes.inner)
        line(f"scan process{backend}", passes.whole)
        print(f"{'wall':22} {size / median(passes.walls) / 1e9:6.2f} GB/s with the start of Python")
        print(f"{'parts':22} {' '.join(passes.parts)}")
        print(f"{'peak memory':22} {median(passes.peaks) / 1e6:6.1f} MB")


def parse_size(text: str) -> int:
    for unit, factor in UNITS.items():
        if text.upper().endswith(unit):
            return int(float(text[: -len(unit)]) * factor)
    return int(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=parse_size, default=parse_size("1GB"), help="such as 200MB")
    parser.add_argument("--line-ending", choices=["LF", "CRLF"], default="LF")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--dir", type=Path, help="folder for the temporary file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.dir) as folder:
        path = Path(folder) / "accounts.csv"
        newline = "\n" if options.line_ending == "LF" else "\r\n"
        rows = generate_apart(path, options.size, newline)
        measure(path, rows, options.runs, make_environments(Path(folder)))


if __name__ == "__main__":
    main()
