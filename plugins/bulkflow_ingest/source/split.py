"""The limits of parts, and the journal's records of parts and their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.errors import DataError
from bulkflow.model.part import Part, SourceRecord
from bulkflow_csv import PART_BYTES, PartLimit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow_csv import Head, PartRange
    from bulkflow_ingest.settings import IngestSettings


def build_part_limit(settings: IngestSettings) -> PartLimit:
    """Return the maximum size of a part, from the job's settings."""
    return PartLimit(
        settings.part_bytes or PART_BYTES,
        settings.part_rows,
        settings.connections if settings.balanced else None,
    )


def build_source_record(head: Head, origin: str | None = None, digest: str = "") -> SourceRecord:
    """Build the journal's record of a file."""
    source, stamp = head.source, head.stamp
    return SourceRecord(
        source.name,
        str(source.path.absolute()),
        stamp.size,
        stamp.modified_ns,
        source.spooled,
        origin,
        digest,
    )


def build_part(index: int, data: PartRange) -> Part:
    """Build the journal's record of a part; `index` is its number in the job, from 0."""
    return Part(
        index,
        data.source.name,
        data.start,
        data.end,
        data.first_row,
        data.first_line,
        data.rows,
        data.size,
        data.digest,
    )


def check_same_columns(files: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Check that all files of a job have the same columns in the same order.

    Args:
        files: The name and the columns of each file.

    Raises:
        DataError: A file has different columns.
    """
    first, columns = files[0]
    for other, others in files[1:]:
        if others != columns:
            raise DataError(
                f"its columns are not those of {first}: {_describe_difference(columns, others)}",
                place=other,
                help="the files of one job must have the same columns in the same order; "
                "load the others with another job",
            )


def _describe_difference(first: Sequence[str], other: Sequence[str]) -> str:
    missing = [column for column in first if column not in other]
    added = [column for column in other if column not in first]
    if missing or added:
        return "; ".join(
            f"{what} {', '.join(columns)}"
            for what, columns in (("lacks", missing), ("adds", added))
            if columns
        )
    return "the order is different"
