"""A batch that was at work when its job became Failed or Aborted, and saves rows after that."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bulkflow_sandbox.ingest.task import IngestTask


class LateCommit:
    """The task of such a batch: nothing is seen of it until it saves its rows, all at once.

    Args:
        task: A new task for the job.
        rows: How many more rows it saves.
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
        """The batch is at work already."""
        return True

    def work(self, rows: int) -> bool:
        """There are no rows to save before the end."""
        raise AssertionError(f"no {rows} rows are left")

    def finish(self) -> None:
        """Saves the rows."""
        self._task.commit_late(self._rows)

    def fail(self, problem: Exception) -> None:
        """Changes nothing: the job has ended."""

    def close(self) -> None:
        """Closes the files of the job."""
        self._task.close()
