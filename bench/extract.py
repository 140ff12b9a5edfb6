"""Measures extracts on loopback, and prints a table with ratios.

    python bench/extract.py --rows 4000000 --peer

The server is `bench/pages.py`. Every measurement runs in a process of its own; CPU time and peak
memory are those of the whole process, including the start of Python. The raw client reads the same
pages over one socket into a file. Parquet is compared with DuckDB converting the same CSV. The
schedule is compared with the best possible one: pages of equal size, five at a time.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from pages import make_pages
from path import PEER_PACKAGE, make_certificate, measure_quietly, print_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from load import Spent

HERE = Path(__file__).parent
PIPELINE = """\
org env

job customers
    query "SELECT Id, Name, BillingCity, AnnualRevenue, LastModifiedDate, Description FROM Account"

extract job customers to "{target}"
"""
RAW = """
import socket, ssl, sys
port, pages, path, *authorities = sys.argv[1:]
connection = socket.create_connection(("127.0.0.1", int(port)))
if authorities:
    context = ssl.create_default_context(cafile=authorities[0])
    connection = context.wrap_socket(connection, server_hostname="localhost")
buffer = memoryview(bytearray(1 << 18))
with connection, open(path, "wb", buffering=0) as file:
    for number in range(int(pages)):
        request = f"GET /services/data/v66.0/jobs/query/x/results?locator={number} HTTP/1.1"
        connection.sendall(request.encode() + b"\\r\\nHost: x\\r\\n\\r\\n")
        start = b""
        while b"\\r\\n\\r\\n" not in start:
            start += connection.recv(1 << 16)
        head, _, body = start.partition(b"\\r\\n\\r\\n")
        left = int(head.lower().split(b"content-length: ")[1].split(b"\\r\\n")[0]) - len(body)
        file.write(body)
        while left:
            got = connection.recv_into(buffer[:min(left, len(buffer))])
            file.write(buffer[:got])
            left -= got
"""
DUCKDB = """
import duckdb, sys
duckdb.sql("SET threads = 1")
duckdb.sql(
    f"COPY (SELECT * REPLACE (CAST(AnnualRevenue AS DOUBLE) AS AnnualRevenue, "
    f"CAST(LastModifiedDate AS TIMESTAMPTZ) AS LastModifiedDate) FROM read_csv('{sys.argv[1]}', "
    f"all_varchar=true, header=true, delim=',', quote='\\"', escape='\\"')) "
    f"TO '{sys.argv[2]}' (FORMAT parquet, COMPRESSION zstd)"
)
"""
PEER = """
import sys
from simple_salesforce import Salesforce
client = Salesforce(instance_url=sys.argv[2], session_id="x", version="66.0")
client.bulk2_url = sys.argv[2] + "/services/data/v66.0/jobs/"
with open(sys.argv[1], "w", encoding="utf-8", newline="") as file:
    for page in client.bulk2.Account.query("SELECT Id FROM Account", max_records=250000):
        file.write(page)
"""


@contextmanager
def run_server(folder: Path, rows: int, page_rows: int, *options: str) -> Iterator[int]:
    """Serve pages from another process and yield its port."""
    command = [sys.executable, str(HERE / "pages.py"), str(folder)]
    command += ["--rows", str(rows), "--page-rows", str(page_rows), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def extract(folder: Path, url: str, target: str) -> Spent:
    """Extract all pages with bulkflow."""
    pipeline = folder / "extract.bulkflow"
    pipeline.write_text(PIPELINE.format(target=target), "utf-8")
    environ = {**os.environ, "SF_ACCESS_TOKEN": "x", "SF_ORG_INSTANCE_URL": url}
    if (folder / "ca.pem").exists():
        environ["SSL_CERT_FILE"] = str(folder / "ca.pem")
    command = [sys.executable, "-m", "bulkflow", "run", "--fresh", str(pipeline)]
    return measure_quietly(command, folder, environ)


def measure_costs(folder: Path, rows: int, runs: int, *, peer: bool) -> None:
    """Measure CPU and memory, plain and over TLS, and Parquet."""
    pages = make_pages(folder / "pages", rows, 250_000)
    size = sum(path.stat().st_size for path, _ in pages)
    print(f"\n{rows:,} rows, {size / 1e9:.2f} GB in {len(pages)} pages\n")
    print("| | CPU s/GB | wall s/GB | peak MB | ratio |\n|---|---|---|---|---|")
    for kind, options in (("plain", ()), ("TLS", ("--tls", str(make_certificate(folder))))):
        secure = bool(options)
        with run_server(folder / "pages", rows, 250_000, *options) as port:
            authority = [str(folder / "ca.pem")] if secure else []
            raw_command = [sys.executable, "-c", RAW, str(port), str(len(pages)), "raw.csv"]
            url = f"{'https' if secure else 'http'}://localhost:{port}"
            raws, ours = [], []
            for _ in range(runs):
                raws.append(measure_quietly([*raw_command, *authority], folder))
                ours.append(extract(folder, url, "out.csv"))
            against = print_row(f"raw socket to a file, {kind}", raws, size, None, "")
            mine = print_row(f"extract to .csv, {kind}", ours, size, against, "raw socket")
            if peer and not secure:
                command = [sys.executable, "-c", PEER, "peer.csv", url]
                spent = [measure_quietly(command, folder)]
                print_row("simple-salesforce, plain", spent, size, mine, "extract")
            if not secure:
                converted = [sys.executable, "-c", DUCKDB, "out.csv", "duck.parquet"]
                plain = [measure_quietly(converted, folder) for _ in range(runs)]
                base = print_row("DuckDB: CSV to Parquet", plain, size, None, "")
                typed = [extract(folder, url, "out.parquet") for _ in range(runs)]
                print_row("extract to .parquet", typed, size, base, "DuckDB")


def measure_schedule(folder: Path, runs: int) -> None:
    """Compare the time with that of the best schedule on a slow line."""
    rate, latency, rows, page_rows = 5e6, 0.05, 400_000, 20_000
    pages = make_pages(folder / "slow", rows, page_rows)
    largest = max(path.stat().st_size for path, _ in pages)
    rounds = -(-len(pages) // 5)
    slow = ("--rate", "5MB", "--latency", str(latency))
    with run_server(folder / "one", 10, 10, *slow) as port:
        ones = [extract(folder, f"http://localhost:{port}", "one.csv") for _ in range(runs)]
    # The start of the program, create, status, list, and one response; then five pages at a time.
    best = median(each.wall for each in ones) - latency + rounds * (latency + largest / rate)
    with run_server(folder / "slow", rows, page_rows, *slow) as port:
        spent = [extract(folder, f"http://localhost:{port}", "slow.csv") for _ in range(runs)]
    took = median(each.wall for each in spent)
    print(
        f"\n{len(pages)} pages of {largest / 1e6:.1f} MB, 5 MB/s per connection, "
        f"50 ms per response: "
        f"{took:.2f} s, best possible {best:.2f} s, {took / best - 1:.1%} over"
    )


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=4_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peer", action="store_true", help=f"needs {PEER_PACKAGE}")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bulkflow-bench-") as made:
        folder = Path(made)
        measure_costs(folder, options.rows, options.runs, peer=options.peer)
        (folder / "ca.pem").unlink(missing_ok=True)
        measure_schedule(folder, options.runs)


if __name__ == "__main__":
    main()
