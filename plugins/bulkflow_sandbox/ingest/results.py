"""Reads the result files of a job, with the internal batches in an order of their own."""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING

from bulkflow_sandbox.ingest.files import read_blocks
from bulkflow_sandbox.ingest.progress import IngestProgress
from bulkflow_sandbox.ingest.result_columns import format_result_header
from bulkflow_sandbox.jobs.job import BulkJobState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.ingest.files import JobFiles
    from bulkflow_sandbox.jobs.job import BulkJob


class ResultFileKind(StrEnum):
    """The three result files, by the last part of their paths."""

    SUCCESSFUL = "successfulResults"
    FAILED = "failedResults"
    UNPROCESSED = "unprocessedrecords"


def read_result(
    job: BulkJob, files: JobFiles, kind: ResultFileKind, choices: Choices
) -> Iterator[bytes]:
    """Read a result file of a final job, in blocks.

    If the upload has no header, its result files are empty. Otherwise each has at least a header.
    """
    progress = IngestProgress.from_text(job.progress)
    if progress.header is None:
        yield from _read_without_rows(job, files, kind, choices)
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
    yield delimiter.join((*names, format_result_header(progress.header, job, choices))) + line_end
    path = files.successful if good else files.failed
    column = 0 if good else 1
    starts = [0, *(end[column] for end in progress.ends)]
    spans = list(pairwise(starts))
    for start, end in _shuffle(spans, job.id) if choices.shuffle_batches else spans:
        if end > start:
            yield from read_blocks(path, start, end)


def _read_without_rows(
    job: BulkJob, files: JobFiles, kind: ResultFileKind, choices: Choices
) -> Iterator[bytes]:
    """Read a result file of a job without a valid header, so without processed rows."""
    if kind is ResultFileKind.UNPROCESSED and job.state is not BulkJobState.JOB_COMPLETE:
        yield from read_blocks(files.upload)
        return
    header = read_first_line(files.upload)
    if not header or kind is ResultFileKind.UNPROCESSED:
        return
    delimiter = job.column_delimiter.text.encode()
    name = b'"sf__Created"' if kind is ResultFileKind.SUCCESSFUL else b'"sf__Error"'
    header = format_result_header(header, job, choices)
    yield delimiter.join((b'"sf__Id"', name, header)) + job.line_ending.text.encode()


def read_first_line(path: Path) -> bytes:
    """Read the first line of a file, without its line ending. A missing file has an empty one."""
    try:
        with path.open("rb") as file:
            return file.readline().rstrip(b"\r\n")
    except FileNotFoundError:
        return b""


def _shuffle(spans: list[tuple[int, int]], seed: str) -> list[tuple[int, int]]:
    """Shuffle the batches the same way for each request, and never into the upload's order."""
    mixed = list(spans)
    Random(seed).shuffle(mixed)  # noqa: S311 - no secret
    return mixed if mixed != spans else spans[1:] + spans[:1]
