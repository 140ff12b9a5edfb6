"""A logical job on disk: source files cut into parts, and result files like Salesforce's."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from attrs import define, evolve, field

from bulkflow_csv import ByteSource, PartLimit, scan
from bulkflow_ingest.api.result_kind import ResultKind
from bulkflow_ingest.reconcile import Outcome, Reconciler, ResultFile, SourceSlice


def csv_text(
    rows: Sequence[Sequence[str]],
    *,
    delimiter: str = ",",
    line_end: str = "\n",
    quote_all: bool = False,
) -> str:
    text = io.StringIO()
    csv.writer(
        text,
        delimiter=delimiter,
        lineterminator=line_end,
        quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL,
    ).writerows(rows)
    return text.getvalue()


@define(eq=False)
class Job:
    """What a test puts on disk before it asks for the outcomes."""

    folder: Path
    delimiter: str = ","
    slices: list[SourceSlice] = field(factory=list)
    results: list[ResultFile] = field(factory=list)

    def text(self, rows: Sequence[Sequence[str]], line_end: str = "\n") -> str:
        """Rows as CSV text with the job's delimiter."""
        return csv_text(rows, delimiter=self.delimiter, line_end=line_end)

    def source(
        self,
        data: str,
        *,
        part_rows: int = 1_000,
        name: str = "data.csv",
        origin: Path | None = None,
        line_ending: str | None = None,
    ) -> None:
        """Write a source file and cut it into parts."""
        path = self.folder / name
        path.write_bytes(data.encode())
        self.scan(path, name, part_rows, origin, line_ending)

    def scan(
        self,
        path: Path,
        name: str,
        part_rows: int = 1_000,
        origin: Path | None = None,
        line_ending: str | None = None,
    ) -> None:
        """Cut a file into parts."""
        found = scan(
            ByteSource.of(path, name=name),
            limit=PartLimit(None, part_rows),
            delimiter=self.delimiter,
            line_ending=line_ending,
        )
        for part in found.parts:
            self.slices.append(SourceSlice.of(len(self.slices), part, found.dialect, origin=origin))

    def result(
        self,
        part: int,
        kind: str,
        rows: Sequence[Sequence[str]],
        header: Sequence[str] | None = None,
        counted: int | None = None,
    ) -> None:
        """Write a result file: a header of its own two columns and the source's, and the rows."""
        own = ["sf__Id", "sf__Created" if kind == "successful" else "sf__Error"]
        names = list(header) if header is not None else list(self.slices[0].columns)
        line_end = "\r\n" if self.slices[0].line_ending == "CRLF" else "\n"
        path = self.folder / f"{part}-{kind}.csv"
        path.write_bytes(
            csv_text(
                [[*own, *names], *rows],
                delimiter=self.delimiter,
                line_end=line_end,
                quote_all=True,
            ).encode()
        )
        self.results.append(ResultFile(part, ResultKind(kind), path, self.delimiter, counted))

    def unprocessed(self, part: int, content: str) -> None:
        """Write the file of a part's unprocessed rows, as it comes."""
        path = self.folder / f"{part}-unprocessed.csv"
        path.write_bytes(content.encode())
        self.results.append(ResultFile(part, ResultKind.UNPROCESSED, path, self.delimiter))

    def without_result(self, outcome: Outcome, *parts: int) -> None:
        """Say what became of rows of parts that no result file has."""
        for part in parts:
            self.slices[part] = evolve(self.slices[part], without_result=outcome)

    def outcomes(self, *, rest: bool = True) -> Reconciler:
        return Reconciler.of(self.slices, self.results, self.folder / "join", rest=rest, threads=1)

    def saved(self, outcomes: Reconciler, selection: str = "all") -> list[Mapping[str, str]]:
        path = self.folder / "saved" / f"{selection}.csv"
        count = outcomes.save(selection, path)
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == count
        return rows


@pytest.fixture(scope="module")
def new_job(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Job]:
    """Jobs, each in a folder of its own."""

    def make(delimiter: str = ",") -> Job:
        return Job(tmp_path_factory.mktemp("job"), delimiter)

    return make


@pytest.fixture
def job(new_job: Callable[..., Job]) -> Job:
    return new_job()
