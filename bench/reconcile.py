"""Joins generated results to their source rows and saves some of them, compared with DuckDB alone.

    python bench/reconcile.py --rows 1000000 --failed 1.0
    python bench/reconcile.py --rows 10000000 --failed 0.01 --skip-duckdb
    python bench/reconcile.py --failed 0.05 --selection all
    python bench/reconcile.py --failed 1.0 --packed
    python bench/reconcile.py --failed 0.01 --skip-duckdb --compare prefilter

Saving failed rows reads only the failed results, like the step `save failed rows`; saving all rows
reads both. The source resembles `examples/quickstart/accounts.csv`, with a unique key in every row.
The result files contain the same rows in another order, with all values quoted and the numbers of
successful rows reformatted. DuckDB alone reads the same files, joins them on all columns and writes
the same rows, with unlimited memory, but without row numbers, lines, duplicates and parts. It does
not match reformatted values, so it finds only rows that come back unchanged, such as failed ones.
With `--packed`, bulkflow reads result files compressed with gzip, as orgs send them. With `--copies
2`, every row occurs twice. With `--compare`, the join also runs without one of its accelerators:
the prefilter or the matcher of unique keys. Every measurement runs in its own process; the peak is
that of the whole process.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from attrs import evolve

if TYPE_CHECKING:
    from bulkflow_ingest.reconcile import ResultFile

ROOT = Path(__file__).parents[1]
BATCH = 10_000
ERROR = "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"


ACCELERATORS = ("prefilter", "unique_matcher")


def generate(folder: Path, rows: int, failed: float, copies: int) -> None:
    """Write a source file and two result files with its batches of 10,000 rows shuffled."""
    with (ROOT / "examples/quickstart/accounts.csv").open(encoding="utf-8", newline="") as file:
        header, *block = csv.reader(file)
    key = header.index("External_Id__c")
    random = Random(1)
    batches = list(range(0, rows, BATCH))
    with (folder / "source.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for start in batches:
            writer.writerows(_make_rows(block, key, start, rows, copies))
    random.shuffle(batches)
    with (
        (folder / "successful.csv").open("w", encoding="utf-8", newline="") as good_file,
        (folder / "failed.csv").open("w", encoding="utf-8", newline="") as bad_file,
    ):
        good, bad = (
            csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
            for file in (good_file, bad_file)
        )
        good.writerow(["sf__Id", "sf__Created", *header])
        bad.writerow(["sf__Id", "sf__Error", *header])
        for start in batches:
            for number, row in enumerate(_make_rows(block, key, start, rows, copies), start):
                if random.random() < failed:
                    bad.writerow(["", ERROR, *row])
                else:
                    good.writerow([f"001{number:012d}AAA", "true", *map(_reformat, row)])


def _make_rows(
    block: list[list[str]], key: int, start: int, rows: int, copies: int
) -> list[list[str]]:
    """Make the rows of a batch; `copies` consecutive ones are equal."""
    made = []
    for number in range(start, min(start + BATCH, rows), copies):
        row = block[number // copies % len(block)]
        made += [[*row[:key], f"K-{number}", *row[key + 1 :]]] * copies
    return made


def _reformat(value: str) -> str:
    """Reformat a value like Salesforce: integers of at least seven digits come back as doubles."""
    if value.isdigit() and 7 <= len(value) <= 15:
        digits = value.rstrip("0")
        return f"{digits[0]}.{digits[1:] or '0'}E{len(value) - 1}"
    return value


def disable(accelerator: str) -> None:
    """Replace an accelerator by the simple way, in this process."""
    from bulkflow_ingest.reconcile.matcher import Matcher
    from bulkflow_ingest.reconcile.prefilter import Prefilter

    owner, method, result = {
        "prefilter": (Prefilter, "is_worth_it", False),
        "unique_matcher": (Matcher, "_match_singles", True),
    }[accelerator]
    setattr(owner, method, lambda *_, **__: result)


def run_bulkflow(
    folder: Path, part_rows: int, memory: int, selection: str, *, packed: bool, without: str | None
) -> None:
    from bulkflow_csv import ByteSource, PartLimit, scan
    from bulkflow_ingest.reconcile import Reconciler, SourceSlice

    if without is not None:
        disable(without)
    found = scan(ByteSource.of(folder / "source.csv"), limit=PartLimit(None, part_rows))
    slices = [SourceSlice.of(part.index, part, found.dialect) for part in found.parts]
    results = _prepare_results(folder, len(slices), part_rows)
    rest = selection == "all"
    if not rest:
        results = [each for each in results if each.kind == selection]
    if packed:
        results = [_compress(each) for each in results]
    rows = sum(each.rows for each in slices)
    began = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_SELF)
    with Reconciler.of(slices, results, folder / "join", rest=rest, memory=memory) as outcomes:
        joined = time.perf_counter()
        saved = outcomes.save(selection, folder / "out.csv")
        _report(began, before, rows=rows, joined=joined - began, saved=saved)


def _prepare_results(folder: Path, parts: int, part_rows: int) -> list[ResultFile]:
    """Return the result files of each part; split them on the first call."""
    from bulkflow_ingest.api.result_kind import ResultKind
    from bulkflow_ingest.reconcile import ResultFile

    results: list[ResultFile] = []
    for kind in ("successful", "failed"):
        if parts == 1:
            results.append(ResultFile(0, ResultKind(kind), folder / f"{kind}.csv"))
            continue
        results += _split_results(folder, kind, parts, part_rows)
    return results


def _split_results(folder: Path, kind: str, parts: int, part_rows: int) -> list[ResultFile]:
    from bulkflow_ingest.api.result_kind import ResultKind
    from bulkflow_ingest.reconcile import ResultFile

    paths = [folder / f"{kind}-{part}.csv" for part in range(parts)]
    if not paths[0].exists():
        files = [path.open("w", encoding="utf-8", newline="") for path in paths]
        writers = [csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL) for file in files]
        with (folder / f"{kind}.csv").open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            header = next(reader)
            key = header.index("External_Id__c")
            for writer in writers:
                writer.writerow(header)
            for row in reader:
                writers[int(row[key][2:]) // part_rows].writerow(row)
        for each in files:
            each.close()
    return [ResultFile(part, ResultKind(kind), path) for part, path in enumerate(paths)]


def _compress(result: ResultFile) -> ResultFile:
    path = result.path.with_name(result.path.name + ".gz")
    if not path.exists():
        with result.path.open("rb") as plain, gzip.open(path, "wb", 1) as file:
            shutil.copyfileobj(plain, file, 1 << 20)
    return evolve(result, path=path)


def run_duckdb(folder: Path) -> None:
    import duckdb

    began = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_SELF)
    with (folder / "source.csv").open(encoding="utf-8", newline="") as file:
        columns = next(csv.reader(file))

    def read(name: str, extra: tuple[str, ...] = ()) -> str:
        names = ", ".join(f"'{column}': 'VARCHAR'" for column in (*extra, *columns))
        return (
            f"read_csv('{folder / name}', columns={{{names}}}, delim=',', quote='\"', "
            "escape='\"', header=true, auto_detect=false)"
        )

    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE source AS SELECT * FROM {read('source.csv')}")
    on = " AND ".join(f's."{name}" IS NOT DISTINCT FROM r."{name}"' for name in columns)
    joined = 0
    for name, own in (("failed", "sf__Error"), ("successful", "sf__Created")):
        ((count,),) = connection.execute(
            f"COPY (SELECT s.*, r.sf__Id, r.{own} FROM source s JOIN "
            f"{read(f'{name}.csv', ('sf__Id', own))} r ON {on}) TO '{folder / 'alone.csv'}'"
        ).fetchall()
        joined += count
    connection.close()
    _report(began, before, rows=joined, joined=0.0, saved=joined)


def _report(
    began: float, before: resource.struct_rusage, *, rows: int, joined: float, saved: int
) -> None:
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # Kibibytes on Linux, bytes on macOS.
    peak = after.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    wall = time.perf_counter() - began
    print(json.dumps({"wall": wall, "cpu": cpu, "peak": peak, "rows": rows, "saved": saved,
                      "joined": joined}))  # fmt: skip


def measure(*arguments: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, __file__, *arguments], check=True, capture_output=True, text=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--failed", type=float, default=1.0, help="share of failed rows, 0 to 1")
    parser.add_argument("--part-rows", type=int, default=350_000)
    parser.add_argument("--selection", choices=["failed", "all"], default="failed")
    parser.add_argument("--memory", type=int, default=256, help="MiB")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--skip-duckdb", action="store_true")
    parser.add_argument("--packed", action="store_true", help="compress the result files")
    parser.add_argument("--copies", type=int, default=1, help="how often each row occurs")
    parser.add_argument("--compare", choices=ACCELERATORS, help="also join without this")
    parser.add_argument("--without", choices=ACCELERATORS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help="keep the generated files in this folder")
    parser.add_argument("--measure", choices=["ours", "duckdb"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure == "ours":
        run_bulkflow(
            options.folder,
            options.part_rows,
            options.memory << 20,
            options.selection,
            packed=options.packed,
            without=options.without,
        )
        return
    if options.measure == "duckdb":
        run_duckdb(options.folder)
        return
    with tempfile.TemporaryDirectory(prefix="bulkflow-bench-") as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "source.csv").exists():
            generate(folder, options.rows, options.failed, options.copies)
        shared = ["--folder", str(folder), "--memory", str(options.memory)]
        shared += ["--selection", options.selection]
        shared += ["--packed"] * options.packed
        ways = {"bulkflow": ["--measure", "ours", "--part-rows", str(options.part_rows), *shared]}
        if options.compare is not None:
            ways[f"without {options.compare}"] = [*ways["bulkflow"], "--without", options.compare]
        if not options.skip_duckdb:
            ways["duckdb alone"] = ["--measure", "duckdb", *shared]
        print(f"{platform.platform()}, Python {platform.python_version()}")
        print(f"{options.rows:,} rows, {options.failed:.0%} failed, {options.memory} MiB allowed")
        print(f"{'':22} {'wall s':>8} {'cpu s':>8} {'peak MiB':>9} {'rows':>12} {'saved':>12}")
        best: dict[str, float] = {}
        for _ in range(options.repeat):
            for name, arguments in ways.items():
                took = measure(*arguments)
                best[name] = min(best.get(name, took["wall"]), took["wall"])
                print(
                    f"{name:22} {took['wall']:8.2f} {took['cpu']:8.2f} "
                    f"{took['peak'] / 2**20:9.0f} {took['rows']:12,.0f} {took['saved']:12,.0f}",
                    flush=True,
                )
        if "duckdb alone" in best:
            print(f"best wall: {best['bulkflow'] / best['duckdb alone']:.2f} x duckdb alone")


if __name__ == "__main__":
    main()
