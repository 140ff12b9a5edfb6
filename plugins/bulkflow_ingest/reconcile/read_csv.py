"""Reads CSV files with DuckDB for the join, with the errors of the join."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.plugin import quote_text as text
from bulkflow_csv import CsvError
from bulkflow_ingest.output_files import make_unwritable_error
from bulkflow_ingest.reconcile.errors import ReconcileError, UnreadableError
from bulkflow_rows.csv_relation import copy_plainly, csv_files

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["csv_files", "plain_copy", "text"]


def plain_copy(path: Path, target: Path, delimiter: str, columns: int) -> Path:
    """Rewrite a CSV file in the plainest form, as `copy_plainly` does.

    Raises:
        UnreadableError: The file is not CSV with so many columns.
        ReconcileError: The copy cannot be written.
    """
    try:
        return copy_plainly(path, target, delimiter, columns, str(path))
    except CsvError as error:
        raise UnreadableError(f"{error.place}: {error.message}") from error
    except OSError as error:
        raise make_unwritable_error(target, error, ReconcileError) from error
