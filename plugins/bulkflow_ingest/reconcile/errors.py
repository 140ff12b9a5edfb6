"""Errors of the join of results with source rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.errors import StepError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow_ingest.reconcile.inputs import ResultFile


class ReconcileError(StepError):
    """The results of a job cannot be joined with its source rows, or cannot be written."""


class UnsuitedError(ReconcileError):
    """Rows that matter were left out, so all rows must be read. Does not leave this package."""


class UnreadableError(ReconcileError):
    """A file is not CSV, or has a row of another width than its header."""


class WrongFilesError(ReconcileError):
    """Result files contradict the job's counts, or do not look like result files.

    Args:
        files: These files.
        notes: What is wrong with them, one per line.
    """

    def __init__(self, files: Sequence[ResultFile], notes: Sequence[str]) -> None:
        first, *others = notes
        super().__init__(first, notes=others)
        self.files = tuple(files)
