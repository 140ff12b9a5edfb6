"""Writes the result files of a job while its rows are processed."""

from __future__ import annotations

import csv
from io import SEEK_END
from itertools import compress
from typing import TYPE_CHECKING, TextIO

from attrs import define, field

from bulkflow_sandbox.dml.columns import FieldColumn
from bulkflow_sandbox.ingest.result_columns import find_column_order, reorder, split_header
from bulkflow_sandbox.jobs.job import Operation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.dml.row_batch import RowBatch
    from bulkflow_sandbox.ingest.files import JobFiles
    from bulkflow_sandbox.ingest.progress import IngestProgress
    from bulkflow_sandbox.jobs.job import BulkJob


@define(eq=False)
class IngestResultWriter:
    """Writes the rows of a job's successful and failed files."""

    job: BulkJob
    _choices: Choices = field(repr=False)
    _names: list[str]
    _order: list[int] | None
    _good_file: TextIO = field(repr=False)
    _bad_file: TextIO = field(repr=False)

    @classmethod
    def open(
        cls, job: BulkJob, files: JobFiles, progress: IngestProgress, choices: Choices
    ) -> IngestResultWriter:
        """Open the files at the end of `progress`, and cut off what was written after it."""
        good, bad = progress.ends[-1] if progress.ends else (0, 0)
        cells = split_header(job, progress.header or b"")
        return cls(
            job,
            choices,
            [cell.strip(b'"').decode(errors="replace") for cell in cells],
            find_column_order(cells, job, choices),
            _open_at(files.successful, good),
            _open_at(files.failed, bad),
        )

    def write(self, batch: RowBatch) -> None:
        """Append each row of a batch to its file."""
        echo = reorder(batch.build_echo(), self._order)
        created = ["true" if new else "false" for new in batch.created]
        good = zip(batch.ids, created, *echo, strict=True)
        if not batch.errors:
            self._write(self._good_file, good)
            return
        saved = [row not in batch.errors for row in range(len(batch.rows))]
        self._write(self._good_file, compress(good, saved))
        blanks = (
            _find_wrong_case_columns(batch, self._names) if self._choices.wrong_case_blanks else ()
        )
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
                    *reorder(_blank_out(batch.rows[row], blanks), self._order),
                )
                for row in sorted(batch.errors)
            ),
        )

    def flush(self) -> tuple[int, int]:
        """Flush both files, and return their sizes in bytes."""
        self._good_file.flush()
        self._bad_file.flush()
        return self._good_file.buffer.tell(), self._bad_file.buffer.tell()

    def close(self) -> None:
        """Close both files."""
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


def _find_wrong_case_columns(batch: RowBatch, names: Sequence[str]) -> frozenset[int]:
    """Find the columns whose names differ in case from their fields' names."""
    return frozenset(
        column.index
        for column in batch.columns.columns
        if isinstance(column, FieldColumn) and names[column.index] != column.field.name
    )


def _blank_out(row: Sequence[str], blanks: Collection[int]) -> Sequence[str]:
    if not blanks:
        return row
    return ["" if place in blanks else text for place, text in enumerate(row)]
