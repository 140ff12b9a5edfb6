"""How a job's files become parts, and what the journal keeps of both."""

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
    """How large a part of a job may get."""
    return PartLimit(
        settings.part_bytes or PART_BYTES,
        settings.part_rows,
        settings.connections if settings.balanced else None,
    )


def build_source_record(head: Head, origin: str | None = None, digest: str = "") -> SourceRecord:
    """What the journal keeps of a file."""
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
    """What the journal keeps of a part, by its number in the job."""
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
    """Raise DataError unless all files of a job have the same columns in the same order.

    Args:
        files: For each what it is called, and its columns.
    """
    first, columns = files[0]
    for other, others in files[1:]:
        if others != columns:
            raise DataError(
                f"its columns are not those of {first}: {_difference(columns, others)}",
                place=other,
                help="the files of one job must have the same columns in the same order; "
                "load the others with a job of their own",
            )


def _difference(first: Sequence[str], other: Sequence[str]) -> str:
    missing = [column for column in first if column not in other]
    added = [column for column in other if column not in first]
    if missing or added:
        return "; ".join(
            f"{what} {', '.join(columns)}"
            for what, columns in (("lacks", missing), ("adds", added))
            if columns
        )
    return "they stand in another order"
