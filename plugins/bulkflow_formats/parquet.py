"""Reads and writes Parquet files with DuckDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.plugin import RowPlaces, SourceTable
from bulkflow_formats.content import check_content
from bulkflow_rows.session import quote_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow.plugin import SinkRequest, SourceData, SourceRequest


def open_parquet(request: SourceRequest) -> Iterator[SourceData]:
    """Yield the rows of a Parquet file, typed."""
    path = request.path
    check_content(path, request.location, "a Parquet file", lambda start: start.startswith(b"PAR1"))
    # Without the columns that DuckDB would make of folders such as `day=2026-01-01`.
    rows = f"SELECT * FROM read_parquet({quote_path(path)}, hive_partitioning = false)"  # noqa: S608
    yield SourceTable(
        request.location,
        lambda connection: connection.sql(rows),
        places=RowPlaces("row"),
        files=(path,),
    )


def write_parquet(request: SinkRequest) -> None:
    """Write rows to a Parquet file."""
    request.rows.write_parquet(str(request.path), compression="zstd")
