"""The columns of result files: as in the upload, or sorted for old API versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.jobs.job import BulkJob

_Column = TypeVar("_Column")


def split_header(job: BulkJob, header: bytes) -> list[bytes]:
    """Split a header into names, each with its quotes."""
    delimiter = job.column_delimiter.text.encode()
    cells: list[bytes] = []
    for part in header.split(delimiter):
        if cells and cells[-1].count(b'"') % 2:
            cells[-1] += delimiter + part
        else:
            cells.append(part)
    return cells


def find_column_order(cells: Sequence[bytes], job: BulkJob, choices: Choices) -> list[int] | None:
    """Find the order of the upload's columns in the results; `None` if it does not change."""
    if float(job.api_version) >= choices.written_order_version:
        return None
    return sorted(range(len(cells)), key=lambda place: cells[place].strip(b'"').lower())


def reorder(columns: Sequence[_Column], order: list[int] | None) -> Sequence[_Column]:
    """Put columns, or the values of a row, into an order."""
    return columns if order is None else [columns[place] for place in order]


def format_result_header(header: bytes, job: BulkJob, choices: Choices) -> bytes:
    """Format the header of an upload as the results of its API version show it."""
    cells = split_header(job, header)
    order = find_column_order(cells, job, choices)
    return (
        header if order is None else job.column_delimiter.text.encode().join(reorder(cells, order))
    )
