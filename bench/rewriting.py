"""Compares the two engines that rewrite rows: the editor of bytes, and one statement of DuckDB.

    python bench/rewriting.py [--rows N]

Prints the CPU seconds and the peak memory of each, in a process of its own, and their ratios. Both
leave out a column, set another and replace a value by null; the statement also has a row clause,
because jobs without one use the editor.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

ROWS = 1_000_000
ENGINES = ("editor", "statement", "filtering statement", "scan")


def write_rows(path: Path, rows: int) -> None:
    """Write a file of ten columns, some of them quoted."""
    line = '{0},Company {0},"Street {0}, floor 2",City {1},DE,{0}.5,2024-01-31,true,-,note of {0}\n'
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("Id__c,Name,Street,City,Country,Amount,Day,Active,Rating,Note\n")
        file.writelines(line.format(number, number % 1000) for number in range(rows))


def measure(engine: str, path: Path) -> dict[str, float]:
    """Rewrite the file with one engine; return CPU seconds and peak megabytes."""
    from bulkflow_csv import open_source
    from bulkflow_ingest import clauses
    from bulkflow_ingest.settings import IngestSettings
    from bulkflow_ingest.source.readable import make_readable
    from bulkflow_ingest.source.rewrite import split_file
    from bulkflow_rows.clauses.compute import compute
    from bulkflow_rows.clauses.filters import where

    settings: dict[str, object] = {"operation": "insert", "object": "Account"}
    if engine != "scan":
        settings |= clauses.drop.function(columns=("Note",))
        settings |= clauses.set_field.function(field="Source__c", value="nightly")
        settings |= clauses.null.function(text="-")
    if engine == "statement":
        settings |= compute.function(field="Region__c", expression="Country")
    if engine == "filtering statement":
        settings |= where.function(condition="Country = 'DE'")
    chosen = IngestSettings.of(settings)
    begun = process_time()
    split_file(
        make_readable(open_source(path, path.parent), path.parent, chosen), path.parent, chosen
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"cpu": process_time() - begun, "peak": peak}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.engine:
        print(json.dumps(measure(chosen.engine, chosen.file)))
        return
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        write_rows(path, chosen.rows)
        found = {}
        for engine in ENGINES:
            runs = []
            for _ in range(3):
                command = [sys.executable, __file__, "--engine", engine, "--file", str(path)]
                made = subprocess.run(command, capture_output=True, check=True, text=True)
                runs.append(json.loads(made.stdout))
                for copy in path.parent.glob("rows-*"):
                    copy.unlink()
            found[engine] = min(runs, key=lambda each: float(each["cpu"]))
        base = found["editor"]["cpu"]
        print(f"{chosen.rows:,} rows, {path.stat().st_size / 1e6:,.0f} MB; least CPU of 3 runs")
        for engine, each in found.items():
            ratio = each["cpu"] / base
            print(f"{engine:20} {each['cpu']:6.2f} s  {ratio:5.2f} x  {each['peak']:6.0f} MB")


if __name__ == "__main__":
    main()
