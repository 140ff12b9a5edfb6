"""Result files as an org may answer them: joined to the rows that were sent, and seen by a run.

An input is six files, with a line of its own between them: the successful, failed and unprocessed
rows of the first part, and those of the second.
"""

from __future__ import annotations

import csv
import io
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock
from urllib.parse import urlsplit

from attrs import frozen

from bulkflow_csv import ByteSource, CsvError, PartLimit, read_rows, scan
from bulkflow_ingest.api.result_kind import ResultKind
from bulkflow_ingest.reconcile import ReconcileError, Reconciler, ResultFile, SourceSlice
from bulkflow_ingest.results.file_rows import count_result_rows
from bulkflow_sandbox.faults.fault import FailJob
from bulkflow_sandbox.testing import LocalOrg, local_org
from support.proxy import Fault, Handler, proxied
from support.workshop import Ran, Workshop

COLUMNS = ("LastName", "Description")
ROWS = (
    ("Ann", "first"),
    ("Bob", "two\nlines"),
    ("Cid", ""),
    ("", "no name"),
    ("Dee", "5"),
    ("Eve", "5.0"),
    ("Fay", "a, b"),
    ("Guy", 'says "x"'),
)
PART = 4
BETWEEN = b"\n----\n"
GZIP = b"\x1f\x8b"
PATIENCE = 0.1
"""Seconds that a run waits for better files: no others come."""
PIPELINE = """\
org env
job people
    insert Contact
    from "people.csv"
    parts of 4 rows
    over 1 connections
load job people on failure continue
retry failed rows of job people up to 2 times on failure continue
save all rows of job people to "all.csv" on failure continue
"""
UNFORESEEN = ("bulkflow made a mistake", "fault of the plugin", "Traceback")


@frozen
class Told:
    """One of the files of an input."""

    part: int
    kind: ResultKind
    data: bytes

    @property
    def plain(self) -> bytes:
        """As far as it can be had, if it is packed."""
        if not self.data.startswith(GZIP):
            return self.data
        unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
        plain = bytearray()
        with suppress(zlib.error):
            for byte in self.data:
                plain += unpacker.decompress(bytes([byte]))
        return bytes(plain)


def read(data: bytes) -> list[Told]:
    """The files of an input; those that it lacks are empty."""
    pieces = data.split(BETWEEN)
    pieces += [b""] * 6
    return [
        Told(part, kind, pieces[3 * part + index])
        for part in range(2)
        for index, kind in enumerate(ResultKind)
    ]


def source() -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *ROWS])
    return text.getvalue().encode()


def rows_in(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sound(saved: Sequence[dict[str, str]], told: Sequence[Told], org: Counter[str]) -> None:
    """Each row that was sent is saved once, in order, and no id is given to two of them.

    An id is one that a file has, or the org itself told.
    """
    assert [tuple(row[name] for name in COLUMNS) for row in saved] == list(ROWS)
    held = b"\n".join(each.plain for each in told if each.kind is ResultKind.SUCCESSFUL)
    for id_, rows in Counter(row["_id"] for row in saved if row["_outcome"] == "loaded").items():
        # A quote is doubled in a value that is quoted.
        written = {id_.encode(), id_.replace('"', '""').encode()}
        found = sum(held.count(each) for each in written) + org[id_]
        assert not id_ or rows <= found, (id_, rows, held)


@contextmanager
def joins(folder: Path) -> Iterator[Callable[[bytes], None]]:
    """Join any files to the rows, or refuse them."""
    path = folder / "people.csv"
    path.write_bytes(source())
    scanned = scan(ByteSource.of(path, name="people.csv"), limit=PartLimit(None, PART))
    slices = [SourceSlice.of(i, part, scanned.dialect) for i, part in enumerate(scanned.parts)]
    numbers = count()

    def take(data: bytes) -> None:
        place = folder / str(next(numbers))
        place.mkdir()
        files: list[ResultFile] = []
        told = read(data)
        rows: Counter[ResultKind] = Counter()
        for each in told:
            file = place / f"{each.part}-{each.kind}.csv{'.gz' * each.data.startswith(GZIP)}"
            file.write_bytes(each.data)
            counted = count_result_rows(file, each.kind, ",")
            # A column that is not compared may hold what is not text: the rows are joined then.
            rows[each.kind] += len(ROWS) if counted is None else counted
            # The counters of one part promise what the file has, those of the other nothing.
            promised = counted if each.part and each.kind is not ResultKind.UNPROCESSED else None
            files.append(ResultFile(each.part, each.kind, file, ",", promised))
        with (
            suppress(ReconcileError),
            Reconciler.of(slices, files, place / "join", threads=1) as outcomes,
        ):
            total = outcomes.counts().total
            kinds = (total.loaded, total.failed, total.unprocessed, total.withheld, total.unknown)
            assert sum(kinds) == total.rows == len(ROWS), total
            assert total.loaded <= rows[ResultKind.SUCCESSFUL], (total, rows)
            assert total.failed <= rows[ResultKind.FAILED], (total, rows)
            assert outcomes.save("all", place / "all.csv") == len(ROWS)
            sound(rows_in(place / "all.csv"), told, Counter())
            again = outcomes.rows_to_send(place / "again", codes=None)
            assert sum(each.rows for each in again) <= total.failed + total.unprocessed
            assert sum(each.rows for each in outcomes.errors()) == total.failed

    yield take


@contextmanager
def runs(folder: Path) -> Iterator[Callable[[bytes], None]]:
    """Have a run meet any files: it ends with a word of its own, and loads no row twice.

    The org is a sandbox that takes all rows but the one without a name. Of the first two jobs of a
    run it answers with the files of the input; where the input has an odd number of bytes, the
    first of these jobs fails after two rows.
    """
    with (
        mock.patch("bulkflow_ingest.execution.retry.LONGEST_PAUSE", 0.0),
        mock.patch("bulkflow_ingest.results.trusted_files.get_patience", return_value=PATIENCE),
        local_org() as org,
        proxied(org.url) as proxy,
    ):
        environ = {**org.environment, "SF_ORG_INSTANCE_URL": proxy.url, "BULKFLOW_PATIENCE": "0s"}

        def take(data: bytes) -> None:
            told = read(data)
            before, jobs = names(org), len(org.jobs())
            org.sandbox.faults.clear()
            if len(data) % 2:
                org.sandbox.inject(FailJob(2))
            proxy.rules.clear()
            for kind in ResultKind:
                files = [each.data for each in told if each.kind is kind]
                proxy.on("GET", f"/{kind.path_segment}", _instead(files, org, jobs), times=None)
            with TemporaryDirectory(dir=folder) as place:
                workshop = Workshop(Path(place), environ)
                workshop.write("people.csv", source())
                state = str(workshop.folder / "state")
                first = workshop.run(PIPELINE)
                run = str(_ended(first)["run"])
                saved = workshop.folder / "all.csv"
                if saved.exists():
                    sound(rows_in(saved), told, ids(org))
                again = workshop.command(
                    "retry", run, "--rows", "all", "--state-dir", state, "--json"
                )
                _ended(again)
                listed = set(_loaded_by_name(told, Path(place)))
            loaded = names(org) - before
            twice = {name for name, rows in loaded.items() if rows > 1}
            # Of a row that is failed in one file and missing in the other, nobody can know better.
            assert not twice & listed, (twice, first.out, again.out)
            assert max(loaded.values(), default=0) <= 2, loaded

        yield take


def _instead(files: Sequence[bytes], org: LocalOrg, jobs: int) -> Fault:
    """Answer with a file in the org's place, for the jobs that come first after some others."""

    def fault(handler: Handler, forward: Callable[[], None]) -> None:
        made = [job.id for job in org.jobs()[jobs : jobs + len(files)]]
        job = urlsplit(handler.path).path.split("/")[-2]
        if job not in made:
            forward()
            return
        data = files[made.index(job)]
        handler.send_response(200)
        handler.send_header("Content-Type", "text/csv")
        if data.startswith(GZIP):
            handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return fault


def _ended(ran: Ran) -> dict[str, object]:
    """How a run ended: with an exit code of ours, and each row counted once."""
    assert ran.code in {0, 1, 2, 3}, ran
    said = ran.out + ran.err
    assert not any(word in said for word in UNFORESEEN), said
    end = ran.event("run_finished")
    (job,) = end["jobs"]
    counts = [job[kind] for kind in ("loaded", "failed", "unprocessed", "withheld", "unknown")]
    assert sum(counts) == job["rows"] == len(ROWS), job
    return end


def names(org: LocalOrg) -> Counter[str]:
    return Counter(str(each["LastName"]) for each in org.records("Contact"))


def ids(org: LocalOrg) -> Counter[str]:
    return Counter(str(each["Id"]) for each in org.records("Contact"))


def _loaded_by_name(told: Sequence[Told], folder: Path) -> Iterator[str]:
    """The names of rows that the successful results of their part have, unchanged."""
    for each in told:
        if each.kind is ResultKind.SUCCESSFUL:
            mine = ROWS[each.part * PART : (each.part + 1) * PART]
            for row in _rows(each, folder):
                if (row.get("lastname"), row.get("description")) in mine and "sf__created" in row:
                    yield row["lastname"]


def _rows(told: Told, folder: Path) -> Iterator[dict[str, str]]:
    """The rows of a file as far as it can be read, by the names of its columns in lower case."""
    file = folder / f"told.csv{'.gz' * told.data.startswith(GZIP)}"
    file.write_bytes(told.data)
    with suppress(CsvError):
        rows = read_rows(file)
        header = next(rows, None)
        names = [] if header is None else [name.lower() for name in header.values]
        for row in rows:
            yield dict(zip(names, row.values, strict=False))
