"""Measures the way from typed sources to parts, compared with DuckDB's own `COPY … TO` CSV.

    python bench/sources.py --rows 5000000 --runs 3

Rows of ten columns (texts, numbers, dates, booleans, nulls) are read from Parquet, JSON lines,
PostgreSQL and Python objects. Each measurement is a new process, with the files in the page cache.
The figures are the CPU time of the way itself, without the start of Python, and the peak memory of
the process; medians of several runs. Of PostgreSQL, the CPU time of the client alone counts.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

TESTS = Path(__file__).parents[1] / "tests"
COLUMNS = (
    "'K-' || i AS Key__c, 'Account ' || (i % 271 * 7919 % 100003) AS Name,"
    " CASE WHEN i % 3 = 0 THEN NULL ELSE 'Berlin' END AS City, i AS Number__c,"
    " CAST(i * 1.25 AS DECIMAL(18, 2)) AS Amount__c, CAST(i AS DOUBLE PRECISION) / 8 AS Ratio__c,"
    " i % 2 = 0 AS Flag__c, DATE '2024-01-01' + CAST(i % 900 AS INTEGER) AS Day__c,"
    " TIMESTAMP '2024-01-01 00:00:00' + i * INTERVAL '1 second' AS Moment__c,"
    " CAST('some longer text, with commas ' || i AS VARCHAR) AS Description"
)
FRAME = """
import resource, sys
from pathlib import Path
{setup}
before = resource.getrusage(resource.RUSAGE_SELF)
{work}
after = resource.getrusage(resource.RUSAGE_SELF)
print(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, after.ru_maxrss)
"""
OURS = """
from bulkflow.plugin import SourceRequest
from bulkflow_csv import ByteSource, scan
from bulkflow_rows.table_to_csv import write_table
import duckdb
folder, settings, location = Path(sys.argv[1]), {}, sys.argv[2]
"""
TO_PARTS = """
for table in opened(SourceRequest(location, folder, {}, settings=settings)):
    scan(ByteSource("rows", write_table(table, folder)))
"""
COPY = """
import duckdb
connection = duckdb.connect(config={"memory_limit": "192MiB"})
connection.execute("SET enable_progress_bar = false")
"""
WAYS = {
    "Parquet": (
        "from bulkflow_formats.parquet import open_parquet as opened",
        "FROM read_parquet('{folder}/rows.parquet')",
        "rows.parquet",
    ),
    "JSON lines": (
        "from bulkflow_formats.json_lines import open_json_lines as opened",
        "FROM read_json('{folder}/rows.jsonl', format = 'newline_delimited', sample_size = -1)",
        "rows.jsonl",
    ),
}
QUERY = """
from bulkflow_formats.postgres import open_postgres
from bulkflow_formats.sql_query import DatabaseUrl, SqlQuery
query = SqlQuery("SELECT * FROM rows", DatabaseUrl(location, "URL"))
opened = lambda request: open_postgres(query, request)
import adbc_driver_postgresql.dbapi
"""
ADBC = """
import adbc_driver_postgresql.dbapi as driver
database = driver.connect(sys.argv[2])
cursor = database.cursor()
"""
OBJECTS = """
from datetime import date, datetime, timedelta
from decimal import Decimal
from bulkflow.plugin import SourceRows
from bulkflow_csv import write_rows
from bulkflow_rows.python_values import spell_rows
def make(number, day=date(2024, 1, 1), moment=datetime(2024, 1, 1)):
    for i in range(number):
        yield (f"K-{i}", "Account", None if i % 3 else "Berlin", i, i * 0.125, i % 2 == 0, day,
               moment, "some longer text, with commas", "é" if i % 10 == 0 else "e")
number = int(sys.argv[2])
rows = SourceRows("rows", [f"c{n}" for n in range(10)], make(number))
"""


def measure(code: str, *arguments: str) -> tuple[float, float]:
    """Run code in a new process; return its CPU seconds and its peak memory in MB."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True
    )
    seconds, kibibytes = done.stdout.split()[-2:]
    return float(seconds), float(kibibytes) * 1024 / 1e6


def compare(name: str, runs: int, ours: str, theirs: str, *arguments: str) -> None:
    ways = [[measure(code, *arguments) for _ in range(runs)] for code in (ours, theirs)]
    (cpu, memory), (other, _) = (
        (median(each[0] for each in way), max(each[1] for each in way)) for way in ways
    )
    print(f"{name:<14} {cpu:8.2f} {other:8.2f} {cpu / other:6.2f} x {memory:8.0f} MB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bulkflow-bench-") as name:
        folder = Path(name)
        write_files(folder, given.rows)
        print(f"{given.rows:,} rows    CPU s, of COPY,  ratio, peak memory")
        for kind, (setup, rows, file) in WAYS.items():
            ours = FRAME.format(setup=OURS + setup, work=TO_PARTS)
            copy = f"""connection.execute("COPY ({rows}) TO '{folder}/copy.csv' (FORMAT csv)")"""
            theirs = FRAME.format(setup=COPY, work=copy.format(folder=folder))
            compare(kind, given.runs, ours, theirs, str(folder), file)
            for copied in folder.glob("*.csv"):
                copied.unlink()
        measure_postgres(folder, given.rows, given.runs)
        work = 'write_rows(Path(sys.argv[1]) / "o.csv", list(rows.columns), spell_rows(rows))'
        code = FRAME.format(setup=OBJECTS, work=work)
        alone = FRAME.format(setup=OBJECTS, work="for row in make(number): pass")
        compare("Python objects", given.runs, code, alone, str(folder), str(1_000_000))
        print("Python objects are a million, and compared with making them")


def write_files(folder: Path, rows: int) -> None:
    # In another process: the peak memory of a process counts for its children, too.
    for file, form in (("rows.parquet", "parquet"), ("rows.jsonl", "json")):
        text = (
            f"COPY (SELECT {COLUMNS} FROM range({rows}) AS t (i)) TO '{folder}/{file}'"
            f" (FORMAT {form})"
        )
        subprocess.run(
            [sys.executable, "-c", f"import duckdb; duckdb.execute({text!r})"], check=True
        )


def measure_postgres(folder: Path, rows: int, runs: int) -> None:
    sys.path.insert(0, str(TESTS))
    from support.postgres import find_binaries, start_server  # type: ignore[import-not-found]

    binaries = find_binaries()
    if binaries is None:
        print("PostgreSQL     not measured: no server is installed")
        return
    with start_server(binaries) as server, contextlib.suppress(KeyboardInterrupt):
        numbers = f"generate_series(0, {rows - 1}) AS t (i)"
        create = f"CREATE TABLE rows AS SELECT {COLUMNS} FROM {numbers}"
        subprocess.run([binaries / "psql", "-q", server.url, "-c", create], check=True)
        ours = FRAME.format(setup=OURS + QUERY, work=TO_PARTS)
        copy = (
            'cursor.execute("SELECT * FROM rows")\n'
            "connection.from_arrow(cursor.fetch_arrow()).write_csv(sys.argv[1] + '/copy.csv')"
        )
        compare(
            "PostgreSQL",
            runs,
            ours,
            FRAME.format(setup=COPY + ADBC, work=copy),
            str(folder),
            server.url,
        )


if __name__ == "__main__":
    main()
