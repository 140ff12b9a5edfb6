"""The ends of the names of files, by format."""

from __future__ import annotations

from typing import Final

PARQUET: Final = (".parquet",)
ARROW: Final = (".arrow", ".feather", ".ipc")
EXCEL: Final = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
JSON_LINES: Final = tuple(
    name + packed for name in (".jsonl", ".ndjson") for packed in ("", ".gz", ".zst")
)
COMPRESSED_CSV: Final = (".csv.gz", ".csv.zst")
TYPED: Final = (*PARQUET, *JSON_LINES, *ARROW, *EXCEL)
"""Those whose values have types."""
