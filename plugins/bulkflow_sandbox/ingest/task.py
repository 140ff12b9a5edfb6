"""Processes one ingest job, in steps of one transaction each."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from attrs import evolve

from bulkflow_sandbox.core.ids import make_id
from bulkflow_sandbox.core.limits import BULK_BATCHES, RECORDS
from bulkflow_sandbox.dml.columns import JobFailedError, read_header
from bulkflow_sandbox.dml.saver import Saver
from bulkflow_sandbox.faults.plan import ProcessingFaults
from bulkflow_sandbox.ingest.job_updates import save_changes, save_unprocessed_start
from bulkflow_sandbox.ingest.progress import IngestProgress
from bulkflow_sandbox.ingest.result_writer import IngestResultWriter
from bulkflow_sandbox.ingest.rows import UploadRows
from bulkflow_sandbox.ingest.scan_upload import scan_upload
from bulkflow_sandbox.jobs.job import BulkJobState
from bulkflow_sandbox.jobs.job_table import find_job, save_job
from bulkflow_sandbox.store.database import take_serials

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from bulkflow_sandbox.ingest.files import JobFiles
    from bulkflow_sandbox.jobs.job import BulkJob
    from bulkflow_sandbox.org import SandboxOrg


class IngestTask:
    """Processes the upload of a closed job, starting after its saved progress.

    Args:
        org: The org that the job is in.
        job: The job, as it is stored.
        files: Its files.
        on_failed: Called when the job fails while its rows are being processed.
    """

    def __init__(
        self, org: SandboxOrg, job: BulkJob, files: JobFiles, on_failed: Callable[[BulkJob], None]
    ) -> None:
        self._org = org
        self._job_id = job.id
        self._files = files
        self._progress = IngestProgress.from_text(job.progress)
        self._rows: UploadRows | None = None
        self._results: IngestResultWriter | None = None
        self._saver: Saver | None = None
        self._ended = False
        self._on_failed = on_failed
        self._faults = ProcessingFaults()

    @property
    def job_id(self) -> str:
        """The job's id of 18 characters."""
        return self._job_id

    @property
    def rows_done(self) -> int:
        """The number of rows processed so far."""
        return self._progress.rows

    @property
    def rows_left(self) -> bool:
        """Whether there may be more rows."""
        return not self._ended

    def start(self) -> bool:
        """Set the job to InProgress, and read the header of its upload.

        Returns:
            Whether the job can be processed.
        """
        with self._org.database.writing() as connection:
            job = find_job(connection, self._job_id)
            if job is None or job.state not in {
                BulkJobState.UPLOAD_COMPLETE,
                BulkJobState.IN_PROGRESS,
            }:
                return False
            job = save_changes(connection, self._org, job, state=BulkJobState.IN_PROGRESS)
        try:
            self._open(job)
        except JobFailedError as failure:
            self._fail(failure.message)
            return False
        except csv.Error:
            self._fail(
                self._org.choices.field_too_long_text.format(limit=self._org.choices.field_limit)
            )
            return False
        if self._rows is not None:
            self._faults = self._org.faults.take_processing_faults()
        return True

    def _open(self, job: BulkJob) -> None:
        """Scan the upload and open it. A job without a header has no rows.

        Raises:
            JobFailedError: The upload does not match the job.
        """
        choices = self._org.choices
        path = self._files.upload
        if not path.exists() or path.stat().st_size == 0:
            self._ended = True
            return
        scan = scan_upload(path, job, choices)
        if scan.problem is not None:
            raise JobFailedError(scan.problem)
        self._rows = UploadRows(path, job)
        # A blank first line is a header with one unnamed column.
        columns = read_header(self._rows.header or [""], job, self._org.schema, choices)
        item = self._org.schema.find_object(job.object)
        assert item is not None, "the header was read against the object"
        locks = self._org.faults.get_row_locks()
        with self._org.database.writing() as connection:
            if not self._progress.first_id:
                first = take_serials(connection, item.name, 0)
                self._progress = evolve(
                    self._progress,
                    first_id=make_id(item.prefix, first),
                    header=self._rows.read_header_bytes(),
                )
                kept = find_job(connection, job.id)
                if kept is not None:
                    save_job(connection, evolve(kept, progress=self._progress.to_text()))
            self._saver = Saver(
                schema=self._org.schema,
                item=item,
                job=job,
                columns=columns,
                choices=choices,
                first_id=self._progress.first_id,
                stray_spaces=scan.stray_spaces,
                locked=None if locks is None else locks.is_locked,
            )
            self._saver.prepare(connection)
        self._rows.skip(self._progress.rows)
        self._results = IngestResultWriter.open(job, self._files, self._progress, choices)

    def work(self, rows: int) -> bool:
        """Process at most `rows` rows, in whole chunks and within one internal batch.

        Returns:
            Whether the job can be processed further.
        """
        assert self._rows is not None, "start comes first"
        choices = self._org.choices
        started = self._org.clock.now()
        count = self._limit_rows(rows)
        if count <= 0:
            return self._apply_row_fault()
        left = self._org.limits.get_remaining(RECORDS)
        try:
            texts = self._rows.take(min(count, left or 1))
        except csv.Error:
            self._fail(choices.field_too_long_text.format(limit=choices.field_limit))
            return False
        if any(len("".join(row)) > choices.record_limit for row in texts):
            self._fail(choices.record_too_long_text.format(limit=choices.record_limit))
            return False
        if texts and not left:
            self._fail(choices.records_exceeded_text)
            return False
        new_batch = self._progress.rows % choices.batch_rows == 0
        if texts and new_batch and not self._org.limits.get_remaining(BULK_BATCHES):
            self._fail(choices.batches_exceeded_text, lost=True)
            return False
        with self._org.database.writing() as connection:
            job = find_job(connection, self._job_id)
            if job is None or job.state is not BulkJobState.IN_PROGRESS:
                self._save_unprocessed_start(connection, job)
                return False
            if texts:
                job = self._process(connection, job, texts)
            now = self._org.clock.now()
            spent = round((now - started).total_seconds() * 1000)
            save_changes(connection, self._org, job, active_ms=job.active_ms + spent)
        self._ended = self._rows.ended
        return True

    def _limit_rows(self, rows: int) -> int:
        choices, done = self._org.choices, self._progress.rows
        whole_chunks = max(rows // choices.chunk_rows, 1) * choices.chunk_rows
        left_in_batch = choices.batch_rows - done % choices.batch_rows
        faults = (self._faults.failure, self._faults.loss)
        stops = [fault.rows - done for fault in faults if fault is not None]
        return min(whole_chunks, left_in_batch, *stops)

    def _apply_row_fault(self) -> bool:
        """Apply a fault that is due after this many rows, and return whether the job completes."""
        failure = self._faults.failure
        if failure is not None and failure.rows <= self._progress.rows:
            self._fail(failure.message)
            return False
        self._ended = True
        return True

    def _process(
        self, connection: sqlite3.Connection, job: BulkJob, texts: list[list[str]]
    ) -> BulkJob:
        assert self._saver is not None, "start comes first"
        assert self._results is not None, "start comes first"
        number = self._progress.rows // self._org.choices.batch_rows
        if self._progress.rows % self._org.choices.batch_rows == 0:
            self._org.limits.use(BULK_BATCHES)
        failed = 0
        for batch in self._saver.save(
            connection, texts, self._progress.rows, self._org.clock.now()
        ):
            self._results.write(batch)
            failed += len(batch.errors)
        self._org.limits.use(RECORDS, len(texts))
        self._progress = evolve(
            self._progress,
            rows=self._progress.rows + len(texts),
            ends=(*self._progress.ends[:number], self._results.flush()),
        )
        return evolve(
            job,
            processed=job.processed + len(texts),
            failed=job.failed + failed,
            progress=self._progress.to_text(),
        )

    def finish(self) -> None:
        """Set the job to JobComplete."""
        with self._org.database.writing() as connection:
            job = find_job(connection, self._job_id)
            if job is None or job.state is not BulkJobState.IN_PROGRESS:
                self._save_unprocessed_start(connection, job)
                return
            if (extra := self._faults.miscount) is not None:
                job = evolve(
                    job,
                    processed=job.processed + extra.processed,
                    failed=job.failed + extra.failed,
                )
            save_changes(connection, self._org, job, state=BulkJobState.JOB_COMPLETE)

    def commit_late(self, rows: int) -> None:
        """Save more rows of a final job, like a batch that was still running when it ended."""
        with self._org.database.reading() as connection:
            job = find_job(connection, self._job_id)
        if job is None:
            return
        self._open(job)
        assert self._rows is not None, "a job that was InProgress has a header"
        texts = self._rows.take(rows)
        with self._org.database.writing() as connection:
            job = find_job(connection, self._job_id)
            if job is not None and texts:
                job = save_changes(connection, self._org, self._process(connection, job, texts))
                self._save_unprocessed_start(connection, job)

    def abort(self) -> None:
        """Save where the unprocessed rows of an aborted job begin, and close its files."""
        with self._org.database.writing() as connection:
            self._save_unprocessed_start(connection, find_job(connection, self._job_id))
        self.close()

    def fail(self, problem: Exception) -> None:
        """Set the job to Failed because of an error in the sandbox itself."""
        self._fail(f"InternalServerError : {problem}")

    def close(self) -> None:
        """Close the job's files."""
        if self._rows is not None:
            self._rows.close()
        if self._results is not None:
            self._results.close()

    def _fail(self, message: str, *, lost: bool = False) -> None:
        """Set the job to Failed. With `lost`, its remaining rows are in no result file."""
        with self._org.database.writing() as connection:
            job = find_job(connection, self._job_id)
            if job is not None and not job.state.final:
                job = save_changes(
                    connection, self._org, job, state=BulkJobState.FAILED, error=message
                )
                if self._saver is not None and not lost:
                    # Called before the state becomes visible, so every poll of it is counted.
                    self._on_failed(job)
            if not lost:
                self._save_unprocessed_start(connection, job)

    def _save_unprocessed_start(self, connection: sqlite3.Connection, job: BulkJob | None) -> None:
        if job is not None and self._rows is not None:
            save_unprocessed_start(connection, job, self._files)
