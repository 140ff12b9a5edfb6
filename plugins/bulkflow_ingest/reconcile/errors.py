"""What can go wrong between the results and the rows that they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.errors import StepError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow_ingest.reconcile.inputs import ResultFile


class FatesError(StepError):
    """The results of a job cannot be brought together with its source rows, or not be written."""


class UnsuitedError(FatesError):
    """Not all that matters is among the rows that were looked at, so all of them must be.

    Does not leave this package.
    """


class UnreadableError(FatesError):
    """A file is not CSV, or has a row of another width than its header."""


class WrongFilesError(FatesError):
    """Result files are not what the job's counts promise, or not what result files look like.

    Args:
        files: These files.
        notes: What is wrong with them, one a line.
    """

    def __init__(self, files: Sequence[ResultFile], notes: Sequence[str]) -> None:
        first, *others = notes
        super().__init__(first, notes=others)
        self.files = tuple(files)
