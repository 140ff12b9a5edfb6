"""The processing of a query job, in steps of one transaction each."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from attrs import evolve

from bulkflow_sandbox.core.dates import format_moment
from bulkflow_sandbox.core.limits import QUERY_STORAGE
from bulkflow_sandbox.jobs.job import BulkJobState
from bulkflow_sandbox.jobs.job_table import find_job, save_job
from bulkflow_sandbox.query.result import ResultWriter

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from bulkflow_sandbox.jobs.job import BulkJob
    from bulkflow_sandbox.org import SandboxOrg
    from bulkflow_sandbox.query.result import QueryFiles
    from bulkflow_sandbox.soql.sql_query import Output, Statement

_MEGABYTE = 1 << 20


class QueryTask:
    """Writes the rows of a query, as of the moment when the task starts.

    Args:
        org: The org of the job.
        job: The job as stored.
        files: The files of the result, replaced from the beginning.
        translate: Compiles the query when the task starts.
        columns: Returns the statement's columns in the order of the result.
    """

    def __init__(
        self,
        org: SandboxOrg,
        job: BulkJob,
        files: QueryFiles,
        translate: Callable[[], Statement],
        columns: Callable[[Statement], list[Output]],
    ) -> None:
        self._org = org
        self._job_id = job.id
        self._files = files
        self._translate = translate
        self._columns = columns
        self._open = ExitStack()
        self._found: sqlite3.Cursor | None = None
        self._writer: ResultWriter | None = None
        self._indexes: list[int] = []
        self._rows = 0
        self._ended = False

    @property
    def job_id(self) -> str:
        """The 18-character id of the job."""
        return self._job_id

    @property
    def rows_done(self) -> int:
        """The number of rows written so far."""
        return self._rows

    @property
    def rows_left(self) -> bool:
        """Whether there may be more rows."""
        return not self._ended

    def start(self) -> bool:
        """Move the job to InProgress and run the query.

        Returns:
            Whether the job can be processed: False if it was aborted or deleted.
        """
        with self._org.database.writing() as connection:
            job = self._find_job(connection, BulkJobState.UPLOAD_COMPLETE, BulkJobState.IN_PROGRESS)
            if job is None:
                return False
            # A job that was in progress when the sandbox stopped starts again.
            job = self._save(connection, evolve(job, state=BulkJobState.IN_PROGRESS, processed=0))
        statement = self._translate()
        outputs = self._columns(statement)
        self._indexes = [output.index for output in outputs]
        self._writer = ResultWriter(self._files, job, outputs, self._org.choices)
        self._open.callback(self._writer.close)
        reader = self._open.enter_context(self._org.database.reading())
        self._found = reader.execute(statement.sql, statement.values)
        self._open.callback(self._found.close)
        return True

    def work(self, rows: int) -> bool:
        """Write at most this many more rows.

        Returns:
            Whether the job can be processed further: False if it was aborted or deleted.
        """
        assert self._found is not None, "start comes first"
        assert self._writer is not None, "start comes first"
        found = self._found.fetchmany(rows)
        self._ended = len(found) < rows
        self._writer.write([[row[index] for index in self._indexes] for row in found])
        self._rows += len(found)
        with self._org.database.writing() as connection:
            job = self._find_job(connection, BulkJobState.IN_PROGRESS)
            if job is None:
                return False
            self._save(connection, evolve(job, processed=self._rows))
        return True

    def finish(self) -> None:
        """Move the job to JobComplete."""
        self.close()
        if self._writer is not None:
            self._org.limits.use(QUERY_STORAGE, -(-self._writer.size // _MEGABYTE))
        with self._org.database.writing() as connection:
            job = self._find_job(connection, BulkJobState.IN_PROGRESS)
            if job is not None:
                self._save(connection, evolve(job, state=BulkJobState.JOB_COMPLETE))

    def fail(self, problem: Exception) -> None:
        """Move the job to Failed. Clients see no reason (no such property is documented)."""
        with self._org.database.writing() as connection:
            job = find_job(connection, self._job_id)
            if job is not None and not job.state.final:
                self._save(connection, evolve(job, state=BulkJobState.FAILED, error=str(problem)))

    def close(self) -> None:
        """Close the files and the database cursor."""
        self._open.close()

    def _find_job(self, connection: sqlite3.Connection, *states: BulkJobState) -> BulkJob | None:
        job = find_job(connection, self._job_id)
        return job if job is not None and job.state in states else None

    def _save(self, connection: sqlite3.Connection, job: BulkJob) -> BulkJob:
        now = self._org.clock.now()
        spent = now - self._org.resolve_moment(job.closed)
        job = evolve(
            job,
            modified=format_moment(now),
            total_ms=max(0, round(spent.total_seconds() * 1000)),
        )
        save_job(connection, job)
        return job
