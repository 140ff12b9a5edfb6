"""The work on one query job, in steps that are one transaction each."""

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
    from bulkflow_sandbox.org import Org
    from bulkflow_sandbox.query.result import QueryFiles
    from bulkflow_sandbox.soql.sql_query import Output, Statement

_MEGABYTE = 1 << 20


class QueryTask:
    """Writes the rows that a query finds; the records are those of the moment that it starts.

    Args:
        org: The org that the job is in.
        job: The job, as it is kept.
        files: Its files, written anew from the beginning.
        translate: Makes the statement, when the job starts.
        columns: Puts the statement's columns in the order of the result.
    """

    def __init__(
        self,
        org: Org,
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
        """The job's id of 18 characters."""
        return self._job_id

    @property
    def rows_done(self) -> int:
        """The rows that were written so far."""
        return self._rows

    @property
    def rows_left(self) -> bool:
        """Whether there may be more rows."""
        return not self._ended

    def start(self) -> bool:
        """Moves the job to InProgress and asks the query.

        Returns:
            Whether the job is there to be worked on.
        """
        with self._org.database.writing() as connection:
            job = self._job(connection, BulkJobState.UPLOAD_COMPLETE, BulkJobState.IN_PROGRESS)
            if job is None:
                return False
            # A job that was under way when the sandbox was ended begins anew.
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
        """Writes at most that many more rows.

        Returns:
            Whether the job is there to be worked on further.
        """
        assert self._found is not None, "start comes first"
        assert self._writer is not None, "start comes first"
        found = self._found.fetchmany(rows)
        self._ended = len(found) < rows
        self._writer.write([[row[index] for index in self._indexes] for row in found])
        self._rows += len(found)
        with self._org.database.writing() as connection:
            job = self._job(connection, BulkJobState.IN_PROGRESS)
            if job is None:
                return False
            self._save(connection, evolve(job, processed=self._rows))
        return True

    def finish(self) -> None:
        """Moves the job to JobComplete."""
        self.close()
        if self._writer is not None:
            self._org.limits.use(QUERY_STORAGE, -(-self._writer.size // _MEGABYTE))
        with self._org.database.writing() as connection:
            job = self._job(connection, BulkJobState.IN_PROGRESS)
            if job is not None:
                self._save(connection, evolve(job, state=BulkJobState.JOB_COMPLETE))

    def fail(self, problem: Exception) -> None:
        """Moves the job to Failed; its info says no reason (no such property is documented)."""
        with self._org.database.writing() as connection:
            job = find_job(connection, self._job_id)
            if job is not None and not job.state.final:
                self._save(connection, evolve(job, state=BulkJobState.FAILED, error=str(problem)))

    def close(self) -> None:
        """Closes the job's files, and lets go of the database."""
        self._open.close()

    def _job(self, connection: sqlite3.Connection, *states: BulkJobState) -> BulkJob | None:
        job = find_job(connection, self._job_id)
        return job if job is not None and job.state in states else None

    def _save(self, connection: sqlite3.Connection, job: BulkJob) -> BulkJob:
        now = self._org.clock.now()
        spent = now - self._org.moment(job.closed)
        job = evolve(
            job,
            modified=format_moment(now),
            total_ms=max(0, round(spent.total_seconds() * 1000)),
        )
        save_job(connection, job)
        return job
