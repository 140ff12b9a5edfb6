"""The result files of a job: written while it is processed, read in an order of their own."""

from __future__ import annotations

import csv
import json
from enum import StrEnum
from io import SEEK_END
from itertools import compress, pairwise
from random import Random
from typing import TYPE_CHECKING, TextIO, TypeVar

from attrs import define, field, frozen

from bulkflow_sandbox.dml.columns import FieldColumn
from bulkflow_sandbox.ingest.files import read_blocks
from bulkflow_sandbox.jobs.job import BulkJobState, Operation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.dml.row_batch import RowBatch
    from bulkflow_sandbox.ingest.files import JobFiles
    from bulkflow_sandbox.jobs.job import BulkJob


_Column = TypeVar("_Column")


class ResultFileKind(StrEnum):
    """The three files, by the last part of their paths."""

    SUCCESSFUL = "successfulResults"
    FAILED = "failedResults"
    UNPROCESSED = "unprocessedrecords"


@frozen
class IngestProgress:
    """How far the processing of an upload has come; kept with the job.

    `ends` has, for each internal batch, where its rows end in the successful and in the failed
    file. `rest` is where the rows begin in the upload that were not processed, and `header` the
    bytes of its header; both are known once the header was good.
    """

    first_id: str = ""
    rows: int = 0
    header: bytes | None = None
    rest: int | None = None
    ends: tuple[tuple[int, int], ...] = ()

    def to_text(self) -> str:
        """The form that a job keeps."""
        header = None if self.header is None else self.header.decode("latin-1")
        return json.dumps([self.first_id, self.rows, header, self.rest, self.ends])

    @classmethod
    def from_text(cls, text: str | None) -> IngestProgress:
        """The progress that a job kept; none for a job that nobody began to process."""
        if text is None:
            return cls()
        first_id, rows, header, rest, ends = json.loads(text)
        return cls(
            first_id=first_id,
            rows=rows,
            header=None if header is None else header.encode("latin-1"),
            rest=rest,
            ends=tuple((good, bad) for good, bad in ends),
        )


@define(eq=False)
class ResultWriter:
    """Writes the rows of the successful and the failed file of a job."""

    job: BulkJob
    _choices: Choices = field(repr=False)
    _names: list[str]
    _order: list[int] | None
    _good_file: TextIO = field(repr=False)
    _bad_file: TextIO = field(repr=False)

    @classmethod
    def open(
        cls, job: BulkJob, files: JobFiles, progress: IngestProgress, choices: Choices
    ) -> ResultWriter:
        """Goes on where `progress` ended; what was written past it is cut off."""
        good, bad = progress.ends[-1] if progress.ends else (0, 0)
        cells = _cells(job, progress.header or b"")
        return cls(
            job,
            choices,
            [cell.strip(b'"').decode(errors="replace") for cell in cells],
            _order(cells, job, choices),
            _open_at(files.successful, good),
            _open_at(files.failed, bad),
        )

    def write(self, batch: RowBatch) -> None:
        """Adds the rows of a batch to the file that each belongs to."""
        echo = _ordered(batch.build_echo(), self._order)
        created = ["true" if new else "false" for new in batch.created]
        good = zip(batch.ids, created, *echo, strict=True)
        if not batch.errors:
            self._write(self._good_file, good)
            return
        saved = [row not in batch.errors for row in range(len(batch.rows))]
        self._write(self._good_file, compress(good, saved))
        blanks = _blank_columns(batch, self._names) if self._choices.wrong_case_blanks else ()
        named = (
            self.job.operation is not Operation.INSERT
            and float(self.job.api_version) >= self._choices.failed_ids_version
        )
        self._write(
            self._bad_file,
            (
                (
                    batch.ids[row] if named else "",
                    batch.errors[row],
                    *_ordered(_without(batch.rows[row], blanks), self._order),
                )
                for row in sorted(batch.errors)
            ),
        )

    def ends(self) -> tuple[int, int]:
        """How long both files are now, in bytes, with everything written down."""
        self._good_file.flush()
        self._bad_file.flush()
        return self._good_file.buffer.tell(), self._bad_file.buffer.tell()

    def close(self) -> None:
        """Closes both files."""
        self._good_file.close()
        self._bad_file.close()

    def _write(self, file: TextIO, rows: Iterable[Sequence[str]]) -> None:
        csv.writer(
            file,
            delimiter=self.job.column_delimiter.text,
            lineterminator=self.job.line_ending.text,
            quoting=csv.QUOTE_ALL,
        ).writerows(rows)


def _open_at(path: Path, size: int) -> TextIO:
    file = path.open("a", encoding="utf-8", newline="")
    file.truncate(size)
    file.seek(0, SEEK_END)
    return file


def read_result(
    job: BulkJob, files: JobFiles, kind: ResultFileKind, choices: Choices
) -> Iterator[bytes]:
    """A result file of a final job, in blocks.

    An upload without a header has empty files; otherwise each has its header at least.
    """
    progress = IngestProgress.from_text(job.progress)
    if progress.header is None:
        yield from _raw(job, files, kind, choices)
        return
    line_end = job.line_ending.text.encode()
    if kind is ResultFileKind.UNPROCESSED:
        yield progress.header + line_end
        if job.state is not BulkJobState.JOB_COMPLETE and progress.rest is not None:
            yield from read_blocks(files.upload, progress.rest)
        return
    delimiter = job.column_delimiter.text.encode()
    good = kind is ResultFileKind.SUCCESSFUL
    names = (b'"sf__Id"', b'"sf__Created"' if good else b'"sf__Error"')
    yield delimiter.join((*names, _shown_header(progress.header, job, choices))) + line_end
    path = files.successful if good else files.failed
    column = 0 if good else 1
    starts = [0, *(end[column] for end in progress.ends)]
    spans = list(pairwise(starts))
    for start, end in _shuffled(spans, job.id) if choices.shuffle_batches else spans:
        if end > start:
            yield from read_blocks(path, start, end)


def _raw(job: BulkJob, files: JobFiles, kind: ResultFileKind, choices: Choices) -> Iterator[bytes]:
    """The files of a job of which no row was looked at."""
    if kind is ResultFileKind.UNPROCESSED and job.state is not BulkJobState.JOB_COMPLETE:
        yield from read_blocks(files.upload)
        return
    header = read_first_line(files.upload)
    if not header or kind is ResultFileKind.UNPROCESSED:
        return
    delimiter = job.column_delimiter.text.encode()
    name = b'"sf__Created"' if kind is ResultFileKind.SUCCESSFUL else b'"sf__Error"'
    header = _shown_header(header, job, choices)
    yield delimiter.join((b'"sf__Id"', name, header)) + job.line_ending.text.encode()


def _cells(job: BulkJob, header: bytes) -> list[bytes]:
    """The names of a header, each with the quotes that it was written with."""
    delimiter = job.column_delimiter.text.encode()
    cells: list[bytes] = []
    for part in header.split(delimiter):
        if cells and cells[-1].count(b'"') % 2:
            cells[-1] += delimiter + part
        else:
            cells.append(part)
    return cells


def _order(cells: Sequence[bytes], job: BulkJob, choices: Choices) -> list[int] | None:
    """Which column of the upload stands where in the results; `None` where all stay in place."""
    if float(job.api_version) >= choices.written_order_version:
        return None
    return sorted(range(len(cells)), key=lambda place: cells[place].strip(b'"').lower())


def _blank_columns(batch: RowBatch, names: Sequence[str]) -> frozenset[int]:
    """The columns of fields whose names the upload wrote in another case."""
    return frozenset(
        column.index
        for column in batch.columns.columns
        if isinstance(column, FieldColumn) and names[column.index] != column.field.name
    )


def _without(row: Sequence[str], blanks: Collection[int]) -> Sequence[str]:
    if not blanks:
        return row
    return ["" if place in blanks else text for place, text in enumerate(row)]


def _ordered(columns: Sequence[_Column], order: list[int] | None) -> Sequence[_Column]:
    return columns if order is None else [columns[place] for place in order]


def _shown_header(header: bytes, job: BulkJob, choices: Choices) -> bytes:
    """The header of an upload as the results of its version show it."""
    cells = _cells(job, header)
    order = _order(cells, job, choices)
    return (
        header if order is None else job.column_delimiter.text.encode().join(_ordered(cells, order))
    )


def read_first_line(path: Path) -> bytes:
    """The first line of a file without its end; nothing where there is no file."""
    try:
        with path.open("rb") as file:
            return file.readline().rstrip(b"\r\n")
    except FileNotFoundError:
        return b""


def _shuffled(spans: list[tuple[int, int]], seed: str) -> list[tuple[int, int]]:
    """The batches in another order, the same at each request, and never that of the upload."""
    shuffled = list(spans)
    Random(seed).shuffle(shuffled)  # noqa: S311 - no secret
    return shuffled if shuffled != spans else spans[1:] + spans[:1]
