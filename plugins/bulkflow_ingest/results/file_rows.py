"""The rows of a result file: read, counted, and how many there must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow.errors import StepError
from bulkflow_csv import CsvError
from bulkflow_ingest.api.result_kind import ResultKind
from bulkflow_jobs.job_state import JobState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bulkflow_ingest.parts.part_job import PartJob

_REFUSALS: Final = ("InvalidBatch", "ClientInputError", "InvalidJob")
"""Error codes of jobs that failed before any of their rows was tried (recorded)."""


def iter_result_rows(
    path: Path, part: PartJob, which: ResultKind
) -> Iterator[tuple[list[str], list[str]]]:
    """Yield each row of a result file with the file's header; nothing for an empty file.

    Raises:
        CsvError: It is not CSV.
        StepError: A row has more or fewer values than the header has columns.
    """
    from bulkflow_csv import read_rows

    if not path.exists() or not path.stat().st_size:
        return
    rows = read_rows(path, delimiter=part.dialect.delimiter)
    header = next(rows, None)
    if header is None:
        return
    for row in rows:
        if len(row.values) != len(header.values):
            raise StepError(
                f"the {which} results of job {part.id} have a row of "
                f"{len(row.values)} columns under a header of {len(header.values)}",
                help="look at the job in the org",
            )
        yield header.values, row.values


def count_rows(path: Path, part: PartJob, which: ResultKind) -> int:
    """Count the rows of a result file; 0 for unprocessed rows that are not CSV.

    Raises:
        CsvError: Another file is not CSV.
        StepError: A row of it has more or fewer values than its header has columns.
    """
    try:
        return sum(1 for _ in iter_result_rows(path, part, which))
    except (CsvError, StepError):
        # The unprocessed rows may not be CSV (guide v66): they are unknown then.
        if which is not ResultKind.UNPROCESSED:
            raise
        return 0


def count_result_rows(path: Path, which: ResultKind, delimiter: str) -> int | None:
    """Count the rows of a result file; None if it does not look like one."""
    if not path.exists() or not path.stat().st_size:
        return 0
    from bulkflow_csv import read_rows

    try:
        rows = read_rows(path, delimiter=delimiter)
        header = next(rows, None)
        if header is None:
            return 0
        names = {name.lower() for name in header.values}
        own = {ResultKind.SUCCESSFUL: "sf__created", ResultKind.FAILED: "sf__error"}.get(which)
        if own is not None and not {"sf__id", own} <= names:
            return None
        width = len(header.values)
        count = 0
        for row in rows:
            if own is not None and len(row.values) != width:
                return None
            count += 1
    except CsvError:
        # The unprocessed rows may not be CSV at all.
        return 1 if which is ResultKind.UNPROCESSED else None
    return count


def expected(part: PartJob, which: ResultKind) -> int:
    """Return how many rows a complete job's file must have."""
    match which:
        case ResultKind.SUCCESSFUL:
            return part.counts.loaded
        case ResultKind.FAILED:
            return part.counts.failed
        case ResultKind.UNPROCESSED:
            return part.counts.unprocessed + part.counts.unknown


def is_refused(part: PartJob) -> bool:
    """Whether a job failed because of its header, format or settings, before any row was tried."""
    message = part.error_message or ""
    return (
        part.state == JobState.FAILED
        and not part.processed
        and any(code in message for code in _REFUSALS)
    )
