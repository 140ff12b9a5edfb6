"""A late commit: a batch that saves its rows after its job became Failed or Aborted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bulkflow_sandbox.ingest.task import IngestTask


class LateCommit:
    """The task of a late commit. Nothing is visible until it saves its rows, all at the same time.

    Args:
        task: A new task for the job.
        rows: The number of rows to save.
    """

    rows_done = 0
    rows_left = False

    def __init__(self, task: IngestTask, rows: int) -> None:
        self._task = task
        self._rows = rows

    @property
    def job_id(self) -> str:
        """The job's id of 18 characters."""
        return self._task.job_id

    def start(self) -> bool:
        """Return `True`, because the batch is already running."""
        return True

    def work(self, rows: int) -> bool:
        """Raise an error, because rows are saved only when the task finishes."""
        raise AssertionError(f"no {rows} rows are left")

    def finish(self) -> None:
        """Save the rows."""
        self._task.commit_late(self._rows)

    def fail(self, problem: Exception) -> None:
        """Do nothing, because the job has already ended."""

    def close(self) -> None:
        """Close the job's files."""
        self._task.close()
