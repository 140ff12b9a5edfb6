"""Measures the data path on loopback, and prints a table with ratios.

    python bench/path.py --size 1GB --peer

Every measurement runs in its own process. CPU time and peak memory are those of the whole process,
including the start of Python; medians of several runs in turns. Rows labeled "scanner" use the
wheel bulkflow-scanner. The server is `bench/sink.py`, which discards the data. The schedules are
compared with the best possible one: parts of equal size on each connection, three requests per
part, and one last poll.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING
from urllib.request import urlopen

from load import Spent, measure, parse_size
from scan import SCAN, generate_apart
from scanner import make_environments

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
PIPELINE = """\
org env

job accounts
    insert Account
    from "{file}"
    parts of {part}
    over {connections} connections
{more}
load job accounts
"""
BOUNDARIES = """
import sys
from pathlib import Path
from bulkflow_csv import ByteSource, count_records
print(count_records(ByteSource.of(Path(sys.argv[1]))) - 1)
"""
PEER = """
import sys
from simple_salesforce import Salesforce
client = Salesforce(instance_url=sys.argv[2], session_id="x", version="66.0")
# It uses https unless given the full URL.
client.bulk2_url = sys.argv[2] + "/services/data/v66.0/jobs/"
client.bulk2.Account.insert(sys.argv[1], wait=0)
"""
PEER_PACKAGE = "simple-salesforce==1.12.10"


@contextmanager
def run_sink(*options: str) -> Iterator[int]:
    """Run a sink in another process and yield its port."""
    command = [sys.executable, str(HERE / "sink.py"), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def load(
    folder: Path,
    file: Path,
    url: str,
    environ: dict[str, str],
    *,
    part: str = "100MB",
    connections: int = 4,
    more: str = "",
) -> Spent:
    """Load a file with bulkflow."""
    pipeline = folder / "load.bulkflow"
    pipeline.write_text(
        PIPELINE.format(file=file, part=part, connections=connections, more=more), "utf-8"
    )
    environ = {**environ, "SF_ACCESS_TOKEN": "x", "SF_ORG_INSTANCE_URL": url}
    if (folder / "ca.pem").exists():
        environ["SSL_CERT_FILE"] = str(folder / "ca.pem")
    command = [sys.executable, "-m", "bulkflow", "run", "--fresh", str(pipeline)]
    return measure_quietly(command, folder, environ)


def measure_quietly(
    command: list[str], folder: Path, environ: dict[str, str] | None = None
) -> Spent:
    """Run a command without output and return its cost."""
    environ = dict(os.environ) if environ is None else environ
    if sys.platform == "win32":
        return measure(command, folder, environ)
    script = ["sh", "-c", 'exec "$@" >/dev/null 2>errors', "sh", *command]
    return measure(script, folder, environ)


def print_row(label: str, spent: list[Spent], size: int, against: float | None, what: str) -> float:
    """Print a row of the table and return its CPU seconds per GB."""
    cpu = median(each.cpu for each in spent) / size * 1e9
    wall = median(each.wall for each in spent) / size * 1e9
    peaks = [each.peak for each in spent if each.peak is not None]
    peak = f"{median(peaks) / 1e6:5.0f}" if peaks else ""
    ratio = f"{cpu / against:6.2f} x {what}" if against else ""
    print(f"| {label:44} | {cpu:6.2f} | {wall:6.2f} | {peak:>5} | {ratio:24} |", flush=True)
    return cpu


def make_certificate(folder: Path) -> Path:
    """Make a certificate for localhost, and write that of its authority to `ca.pem`."""
    import trustme

    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    made = folder / "server.pem"
    authority.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
        str(made)
    )
    return made


def measure_reading(
    folder: Path, file: Path, runs: int, backends: dict[str, dict[str, str]]
) -> None:
    """Measure scans of a file, compared with counting its line feeds."""
    size = file.stat().st_size
    passes = {"record boundaries and count": BOUNDARIES, "scan with all checks": SCAN}
    base: list[Spent] = []
    found: dict[str, list[Spent]] = {
        f"{what}{backend}": [] for what in passes for backend in backends
    }
    for _ in range(runs):
        if shutil.which("wc"):
            base.append(measure_quietly(["wc", "-l", str(file)], folder))
        for what, code in passes.items():
            for backend, environ in backends.items():
                command = [sys.executable, "-c", code, str(file)]
                found[f"{what}{backend}"].append(measure_quietly(command, folder, environ))
    against = print_row("wc -l", base, size, None, "") if base else None
    for label, spent in found.items():
        print_row(label, spent, size, against, "wc -l")


def measure_sending(
    folder: Path,
    file: Path,
    runs: int,
    backends: dict[str, dict[str, str]],
    *,
    peer: Path | None,
    peer_file: Path,
) -> None:
    """Measure loads, compared with raw sockets and another client."""
    size = file.stat().st_size
    for label, secure in (("plain", False), ("TLS", True)):
        options = ["--tls", str(make_certificate(folder))] if secure else []
        extra = [str(folder / "ca.pem")] if secure else []
        with run_sink(*options) as port:
            url = f"{'https' if secure else 'http'}://localhost:{port}"
            raw: list[Spent] = []
            ours: dict[str, list[Spent]] = {backend: [] for backend in backends}
            command = [sys.executable, str(HERE / "raw.py"), str(file), str(port), *extra]
            for _ in range(runs):
                raw.append(measure_quietly(command, folder))
                for backend, environ in backends.items():
                    ours[backend].append(load(folder, file, url, environ))
            base = print_row(f"raw socket, {label}", raw, size, None, "")
            costs = {
                backend: print_row(
                    f"bulkflow load, {label}{backend}", spent, size, base, "raw socket"
                )
                for backend, spent in ours.items()
            }
            if peer is not None and not secure:
                spent = measure_quietly([str(peer), "-c", PEER, str(peer_file), url], folder)
                theirs = print_row(
                    "simple-salesforce, plain",
                    [spent],
                    peer_file.stat().st_size,
                    base,
                    "raw socket",
                )
                for backend, cost in costs.items():
                    print(f"| {'':44} | bulkflow{backend} needs 1/{theirs / cost:.0f} of it |")


def measure_memory(folder: Path, files: list[Path], backends: dict[str, dict[str, str]]) -> None:
    """Measure the peak memory for files of several sizes."""
    with run_sink() as port:
        for file in files:
            size = file.stat().st_size
            for backend, environ in backends.items():
                spent = load(folder, file, f"http://localhost:{port}", environ)
                print_row(
                    f"bulkflow load of {size / 1e6:,.0f} MB{backend}", [spent], size, None, ""
                )


def measure_schedules(
    folder: Path, file: Path, environ: dict[str, str], rate: int, latency: float
) -> None:
    """Measure the wall time of loads, compared with the best possible schedule."""
    size = file.stat().st_size
    with run_sink("--rate", f"{rate / 1e6}MB", "--latency", str(latency)) as port:
        for connections in (1, 4, 16):
            more = "    balanced parts\n"
            load(
                folder,
                file,
                f"http://localhost:{port}",
                environ,
                part="8MB",
                connections=connections,
                more=more,
            )
            with urlopen(f"http://localhost:{port}/stats") as answer:
                took = json.load(answer)["seconds"]
            # The same number of parts as the load; three requests per part, and one last poll.
            each = -(-size // (8_000_000 * 63 // 64))
            rounds = -(-each // connections)
            best = rounds * (3 * latency + size / (rounds * connections) / rate) + latency
            print(
                f"| {connections:2} connections, {rate / 1e6:g} MB/s each, {latency * 1e3:g} ms "
                f"| {took:6.2f} s | best {best:6.2f} s | {(took / best - 1) * 100:+.1f} % |",
                flush=True,
            )


def measure_starts(
    folder: Path, file: Path, backends: dict[str, dict[str, str]], rate: int, runs: int
) -> None:
    """Measure the time to the first request and in total, with and without `streamed`."""
    kinds = {"all read before": "", "streamed": "    streamed\n"}
    found: dict[tuple[str, str], list[tuple[float, float]]]
    found = {(kind, backend): [] for kind in kinds for backend in backends}
    with run_sink("--line", f"{rate / 1e6}MB") as port:
        for _ in range(runs):
            for (kind, backend), took in found.items():
                began, url = time.time(), f"http://localhost:{port}"
                spent = load(folder, file, url, backends[backend], more=kinds[kind])
                with urlopen(f"http://localhost:{port}/stats") as answer:
                    took.append((json.load(answer)["came"] - began, spent.wall))
    carried = file.stat().st_size / rate
    for (kind, backend), took in found.items():
        first, wall = (median(each) for each in zip(*took, strict=True))
        print(
            f"| {kind + backend:24} | {rate * 8 / 1e9:g} Gbit/s "
            f"| {first:6.2f} s | {wall:6.2f} s | {first / wall * 100:4.1f} % | {carried:6.2f} s |",
            flush=True,
        )


def install_peer(folder: Path) -> Path:
    """Install the other client into a virtual environment and return its Python."""
    subprocess.run([sys.executable, "-m", "venv", str(folder / "peer")], check=True)
    python = folder / "peer" / ("Scripts" if os.name == "nt" else "bin") / "python"
    subprocess.run([python, "-m", "pip", "install", "-qq", PEER_PACKAGE], check=True)
    return python


def main() -> None:
    """Measure everything and print the results."""
    parser = argparse.ArgumentParser(description="Measures the data path on loopback.")
    parser.add_argument("--size", type=parse_size, default=parse_size("1GB"), help="such as 1GB")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peer", action="store_true", help="compare with simple-salesforce")
    parser.add_argument("--peer-size", type=parse_size, default=parse_size("100MB"))
    parser.add_argument("--large", action="store_true", help="also load ten times the size")
    chosen = parser.parse_args()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}\n"
    )
    with tempfile.TemporaryDirectory(prefix="bulkflow-bench-") as name:
        folder = Path(name)
        file, small, medium = folder / "file.csv", folder / "small.csv", folder / "medium.csv"
        generate_apart(file, chosen.size)
        generate_apart(small, 10_000_000)
        generate_apart(medium, chosen.peer_size)
        backends = make_environments(folder)
        print(f"| {'':44} | CPU s/GB | wall s/GB | peak MB | ratio |")
        print("|---|---|---|---|---|")
        measure_reading(folder, file, chosen.runs, backends)
        peer = install_peer(folder) if chosen.peer else None
        measure_sending(folder, file, chosen.runs, backends, peer=peer, peer_file=medium)
        (folder / "ca.pem").unlink()
        files = [small, medium]
        if chosen.large:
            files.append(folder / "large.csv")
            generate_apart(files[-1], 10 * chosen.size)
        measure_memory(folder, files, backends)
        print("\n| rows | line | to the first request | total | share | line alone |")
        print("|---|---|---|---|---|---|")
        measure_starts(folder, file, backends, 125_000_000, chosen.runs)
        print("\n| schedule | took | best possible | over |\n|---|---|---|---|")
        measure_schedules(folder, medium, backends[""], 5_000_000, 0.05)


if __name__ == "__main__":
    main()
