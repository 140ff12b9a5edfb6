"""Measures the data path on loopback, and prints one table with ratios.

    python bench/path.py --size 1GB --peer

Every measurement is a process of its own, the start of Python included; processor time and peak
memory are of the whole process, and of several runs, taken in turns, the median counts. Rows that
say "scanner" are with the wheel bulkflow-scanner, the others without. The other end is
`bench/sink.py`, which throws the data away. The schedules are held against the best possible one:
parts of equal size on each connection, three requests for each part, and one last look.
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

from load import Spent, measured, size_of
from scan import SCAN, make
from scanner import environments

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
# It speaks https only, unless it is told the whole address.
client.bulk2_url = sys.argv[2] + "/services/data/v66.0/jobs/"
client.bulk2.Account.insert(sys.argv[1], wait=0)
"""
PEER_PACKAGE = "simple-salesforce==1.12.10"


@contextmanager
def sink(*options: str) -> Iterator[int]:
    """A sink in another process; gives its port."""
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
    return quiet(command, folder, environ)


def quiet(command: list[str], folder: Path, environ: dict[str, str] | None = None) -> Spent:
    """Run a command that prints to nobody."""
    environ = dict(os.environ) if environ is None else environ
    if sys.platform == "win32":
        return measured(command, folder, environ)
    script = ["sh", "-c", 'exec "$@" >/dev/null 2>errors', "sh", *command]
    return measured(script, folder, environ)


def show(label: str, spent: list[Spent], size: int, against: float | None, what: str) -> float:
    """Print a line of the table; returns its CPU seconds per GB."""
    cpu = median(each.cpu for each in spent) / size * 1e9
    wall = median(each.wall for each in spent) / size * 1e9
    peaks = [each.peak for each in spent if each.peak is not None]
    peak = f"{median(peaks) / 1e6:5.0f}" if peaks else ""
    ratio = f"{cpu / against:6.2f} x {what}" if against else ""
    print(f"| {label:44} | {cpu:6.2f} | {wall:6.2f} | {peak:>5} | {ratio:24} |", flush=True)
    return cpu


def keys(folder: Path) -> Path:
    """Make a certificate for this machine, and its authority's in `ca.pem`."""
    import trustme

    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    made = folder / "server.pem"
    authority.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
        str(made)
    )
    return made


def reading(folder: Path, file: Path, runs: int, ways: dict[str, dict[str, str]]) -> None:
    """The passes over a file, beside counting its line feeds."""
    size = file.stat().st_size
    passes = {"record boundaries and count": BOUNDARIES, "scan with all checks": SCAN}
    base: list[Spent] = []
    found: dict[str, list[Spent]] = {f"{what}{way}": [] for what in passes for way in ways}
    for _ in range(runs):
        if shutil.which("wc"):
            base.append(quiet(["wc", "-l", str(file)], folder))
        for what, code in passes.items():
            for way, environ in ways.items():
                command = [sys.executable, "-c", code, str(file)]
                found[f"{what}{way}"].append(quiet(command, folder, environ))
    against = show("wc -l", base, size, None, "") if base else None
    for label, spent in found.items():
        show(label, spent, size, against, "wc -l")


def sending(
    folder: Path,
    file: Path,
    runs: int,
    ways: dict[str, dict[str, str]],
    *,
    peer: Path | None,
    peer_file: Path,
) -> None:
    """Loads, beside raw sockets and another client."""
    size = file.stat().st_size
    for label, secure in (("plain", False), ("TLS", True)):
        options = ["--tls", str(keys(folder))] if secure else []
        extra = [str(folder / "ca.pem")] if secure else []
        with sink(*options) as port:
            url = f"{'https' if secure else 'http'}://localhost:{port}"
            raw: list[Spent] = []
            ours: dict[str, list[Spent]] = {way: [] for way in ways}
            command = [sys.executable, str(HERE / "raw.py"), str(file), str(port), *extra]
            for _ in range(runs):
                raw.append(quiet(command, folder))
                for way, environ in ways.items():
                    ours[way].append(load(folder, file, url, environ))
            base = show(f"raw socket, {label}", raw, size, None, "")
            costs = {
                way: show(f"bulkflow load, {label}{way}", spent, size, base, "raw socket")
                for way, spent in ours.items()
            }
            if peer is not None and not secure:
                spent = quiet([str(peer), "-c", PEER, str(peer_file), url], folder)
                theirs = show(
                    "simple-salesforce, plain",
                    [spent],
                    peer_file.stat().st_size,
                    base,
                    "raw socket",
                )
                for way, cost in costs.items():
                    print(f"| {'':44} | bulkflow{way} needs 1/{theirs / cost:.0f} of it |")


def memory(folder: Path, files: list[Path], ways: dict[str, dict[str, str]]) -> None:
    """Peak memory by the size of the file."""
    with sink() as port:
        for file in files:
            size = file.stat().st_size
            for way, environ in ways.items():
                spent = load(folder, file, f"http://localhost:{port}", environ)
                show(f"bulkflow load of {size / 1e6:,.0f} MB{way}", [spent], size, None, "")


def schedules(folder: Path, file: Path, environ: dict[str, str], rate: int, latency: float) -> None:
    """The wall time of a load beside that of the best possible schedule."""
    size = file.stat().st_size
    with sink("--rate", f"{rate / 1e6}MB", "--latency", str(latency)) as port:
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
            # As many parts as the load made; each needs three requests, and the job a last look.
            each = -(-size // (8_000_000 * 63 // 64))
            rounds = -(-each // connections)
            best = rounds * (3 * latency + size / (rounds * connections) / rate) + latency
            print(
                f"| {connections:2} connections, {rate / 1e6:g} MB/s each, {latency * 1e3:g} ms "
                f"| {took:6.2f} s | best {best:6.2f} s | {(took / best - 1) * 100:+.1f} % |",
                flush=True,
            )


def starts(folder: Path, file: Path, ways: dict[str, dict[str, str]], rate: int, runs: int) -> None:
    """How long a load takes to its first request and in all, on one line; read before, or while."""
    kinds = {"all read before": "", "streamed": "    streamed\n"}
    found: dict[tuple[str, str], list[tuple[float, float]]]
    found = {(kind, way): [] for kind in kinds for way in ways}
    with sink("--line", f"{rate / 1e6}MB") as port:
        for _ in range(runs):
            for (kind, way), took in found.items():
                began, url = time.time(), f"http://localhost:{port}"
                spent = load(folder, file, url, ways[way], more=kinds[kind])
                with urlopen(f"http://localhost:{port}/stats") as answer:
                    took.append((json.load(answer)["came"] - began, spent.wall))
    carried = file.stat().st_size / rate
    for (kind, way), took in found.items():
        first, wall = (median(each) for each in zip(*took, strict=True))
        print(
            f"| {kind + way:24} | {rate * 8 / 1e9:g} Gbit/s "
            f"| {first:6.2f} s | {wall:6.2f} s | {first / wall * 100:4.1f} % | {carried:6.2f} s |",
            flush=True,
        )


def peer_python(folder: Path) -> Path:
    """A Python of its own with the other client, from the package index."""
    subprocess.run([sys.executable, "-m", "venv", str(folder / "peer")], check=True)
    python = folder / "peer" / ("Scripts" if os.name == "nt" else "bin") / "python"
    subprocess.run([python, "-m", "pip", "install", "-qq", PEER_PACKAGE], check=True)
    return python


def main() -> None:
    """Measure all, and print."""
    parser = argparse.ArgumentParser(description="Measures the data path on loopback.")
    parser.add_argument("--size", type=size_of, default=size_of("1GB"), help="such as 1GB")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peer", action="store_true", help="beside simple-salesforce")
    parser.add_argument("--peer-size", type=size_of, default=size_of("100MB"))
    parser.add_argument("--large", action="store_true", help="peak memory of ten times the size")
    chosen = parser.parse_args()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}\n"
    )
    with tempfile.TemporaryDirectory(prefix="bulkflow-bench-") as name:
        folder = Path(name)
        file, small, medium = folder / "file.csv", folder / "small.csv", folder / "medium.csv"
        make(file, chosen.size)
        make(small, 10_000_000)
        make(medium, chosen.peer_size)
        ways = environments(folder)
        print(f"| {'':44} | CPU s/GB | wall s/GB | peak MB | ratio |")
        print("|---|---|---|---|---|")
        reading(folder, file, chosen.runs, ways)
        peer = peer_python(folder) if chosen.peer else None
        sending(folder, file, chosen.runs, ways, peer=peer, peer_file=medium)
        (folder / "ca.pem").unlink()
        files = [small, medium]
        if chosen.large:
            files.append(folder / "large.csv")
            make(files[-1], 10 * chosen.size)
        memory(folder, files, ways)
        print("\n| rows | line | to the first request | in all | share | the line alone |")
        print("|---|---|---|---|---|---|")
        starts(folder, file, ways, 125_000_000, chosen.runs)
        print("\n| schedule | took | best possible | over |\n|---|---|---|---|")
        schedules(folder, medium, ways[""], 5_000_000, 0.05)


if __name__ == "__main__":
    main()
