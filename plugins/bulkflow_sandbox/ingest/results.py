"""The result files of a job: written while it is processed, read in an order of their own."""

from __future__ import annotations

import csv
import json
from enum import StrEnum
from io import SEEK_END
from itertools import compress, pairwise
from random import Random
from typing import TYPE_CHECKING, TextIO

from attrs import define, field, frozen

from bulkflow_sandbox.ingest.files import file_blocks
from bulkflow_sandbox.jobs.job import JobState, Operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from bulkflow_sandbox.choices import Choices
    from bulkflow_sandbox.ingest.files import JobFiles
    from bulkflow_sandbox.ingest.piece import Piece
    from bulkflow_sandbox.jobs.job import Job


class ResultKind(StrEnum):
    """The three files, by the last part of their paths."""

    SUCCESSFUL = "successfulResults"
    FAILED = "failedResults"
    UNPROCESSED = "unprocessedrecords"


@frozen
class Progress:
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
    def from_text(cls, text: str | None) -> Progress:
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
class ResultFiles:
    """Writes the rows of the successful and the failed file of a job."""

    job: Job
    _good_file: TextIO = field(repr=False)
    _bad_file: TextIO = field(repr=False)

    @classmethod
    def open(cls, job: Job, files: JobFiles, progress: Progress) -> ResultFiles:
        """Goes on where `progress` ended; what was written past it is cut off."""
        good, bad = progress.ends[-1] if progress.ends else (0, 0)
        return cls(job, _open_at(files.successful, good), _open_at(files.failed, bad))

    def write(self, piece: Piece) -> None:
        """Adds the rows of a piece to the file that each belongs to."""
        echo = piece.echo()
        created = ["true" if new else "false" for new in piece.created]
        good = zip(piece.ids, created, *echo, strict=True)
        if not piece.errors:
            self._write(self._good_file, good)
            return
        saved = [row not in piece.errors for row in range(len(piece.rows))]
        self._write(self._good_file, compress(good, saved))
        named = self.job.operation is not Operation.INSERT
        self._write(
            self._bad_file,
            (
                (piece.ids[row] if named else "", piece.errors[row], *piece.rows[row])
                for row in sorted(piece.errors)
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


def result_blocks(job: Job, files: JobFiles, kind: ResultKind, choices: Choices) -> Iterator[bytes]:
    """A result file of a final job, in blocks.

    An upload without a header has empty files; otherwise each has its header at least.
    """
    progress = Progress.from_text(job.progress)
    if progress.header is None:
        yield from _raw(job, files, kind)
        return
    line_end = job.line_ending.text.encode()
    if kind is ResultKind.UNPROCESSED:
        yield progress.header + line_end
        if job.state is not JobState.JOB_COMPLETE and progress.rest is not None:
            yield from file_blocks(files.upload, progress.rest)
        return
    delimiter = job.column_delimiter.text.encode()
    good = kind is ResultKind.SUCCESSFUL
    names = (b'"sf__Id"', b'"sf__Created"' if good else b'"sf__Error"')
    yield delimiter.join((*names, progress.header)) + line_end
    path = files.successful if good else files.failed
    column = 0 if good else 1
    starts = [0, *(end[column] for end in progress.ends)]
    spans = list(pairwise(starts))
    for start, end in _shuffled(spans, job.id) if choices.shuffle_batches else spans:
        if end > start:
            yield from file_blocks(path, start, end)


def _raw(job: Job, files: JobFiles, kind: ResultKind) -> Iterator[bytes]:
    """The files of a job of which no row was looked at."""
    if kind is ResultKind.UNPROCESSED and job.state is not JobState.JOB_COMPLETE:
        yield from file_blocks(files.upload)
        return
    header = first_line(files.upload)
    if not header or kind is ResultKind.UNPROCESSED:
        return
    delimiter = job.column_delimiter.text.encode()
    name = b'"sf__Created"' if kind is ResultKind.SUCCESSFUL else b'"sf__Error"'
    yield delimiter.join((b'"sf__Id"', name, header)) + job.line_ending.text.encode()


def first_line(path: Path) -> bytes:
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
