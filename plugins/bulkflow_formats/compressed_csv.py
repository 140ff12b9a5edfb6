"""Writes compressed CSV, with each value as an ingest job takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow_rows.spelling import spell_relation
from bulkflow_rows.table_to_csv import build_copy

if TYPE_CHECKING:
    from bulkflow.plugin import SinkRequest

_COMPRESSIONS: Final = {".gz": "gzip", ".zst": "zstd"}


def write_compressed_csv(request: SinkRequest) -> None:
    """Write rows to a file that gzip or zstd compresses, by the end of its name."""
    compression = _COMPRESSIONS[request.path.suffix.lower()]
    columns = spell_relation(request.rows)
    request.rows.query(
        "written_rows", build_copy("written_rows", columns, request.path, compression)
    )
