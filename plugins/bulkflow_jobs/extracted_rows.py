"""The rows that a query job has extracted, for jobs that load them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bulkflow.plugin import Job

_KEY: Final = "jobs:extracted-rows"


@frozen
class ExtractedRows:
    """A CSV file with the rows of a query job.

    Attributes:
        path: The file.
        rows: Number of rows.
        is_intact: Returns whether the file is still as it was written.
    """

    path: Path
    rows: int
    is_intact: Callable[[], bool]


def set_extracted_rows(job: Job, rows: ExtractedRows | None) -> None:
    """Keep the rows of a query job; None if there are none any more."""
    job.state[_KEY] = rows


def get_extracted_rows(job: Job) -> ExtractedRows:
    """Return the rows of a query job.

    Raises:
        DataError: It was not extracted, or its file was changed since.
    """
    found = job.state.get(_KEY)
    if not isinstance(found, ExtractedRows):
        raise DataError(
            f"job {job.name} has no rows yet",
            place=f"job {job.name}",
            help=f"put `extract job {job.name}` before the step that needs them",
        )
    if not found.is_intact():
        raise DataError(
            f"{found.path} is gone, or was changed since job {job.name} was extracted",
            place=f"job {job.name}",
            help="run the file again; the rows that were extracted are not there any more",
        )
    return found
