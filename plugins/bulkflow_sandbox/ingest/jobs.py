"""Implements the requests on ingest jobs, without HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from bulkflow_sandbox.core.behavior import EarlyResults, SecondPut
from bulkflow_sandbox.core.dates import format_moment
from bulkflow_sandbox.core.errors import make_not_found_error
from bulkflow_sandbox.core.ids import JOB_PREFIX, make_id, to_id18
from bulkflow_sandbox.ingest.create_job import make_job
from bulkflow_sandbox.ingest.files import JobFiles, UploadFile
from bulkflow_sandbox.ingest.late_commit import LateCommit
from bulkflow_sandbox.ingest.results import ResultFileKind, read_result
from bulkflow_sandbox.ingest.task import IngestTask
from bulkflow_sandbox.job_retention import find_expired, is_expired, is_too_old_for_data
from bulkflow_sandbox.jobs.job import (
    BulkJob,
    BulkJobState,
    JobType,
)
from bulkflow_sandbox.jobs.job_table import (
    add_job,
    find_job,
    list_jobs_after,
    list_jobs_in,
    remove_job,
    save_job,
)
from bulkflow_sandbox.jobs.processing_speed import Never
from bulkflow_sandbox.jobs.request_fields import format_value
from bulkflow_sandbox.store.database import take_serials

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from bulkflow_sandbox.jobs.worker import Worker
    from bulkflow_sandbox.org import SandboxOrg


@frozen
class JobListPage:
    """A page of the list of jobs. `next` is the locator of the next page, if there is one."""

    jobs: tuple[BulkJob, ...]
    next: str | None


class IngestJobs:
    """The ingest jobs of an org, and the requests on them.

    Each method raises `ApiError` if Salesforce would refuse the request. Ids may have 15 or 18
    characters.
    """

    def __init__(self, org: SandboxOrg, worker: Worker) -> None:
        self._org = org
        self._worker = worker
        self._before: dict[str, BulkJob] = {}
        self._resume()

    # Create, upload.

    def create(self, properties: Mapping[str, object], api_version: str, user_id: str) -> BulkJob:
        """Create an open job from the properties of a create request."""
        job = make_job(properties, self._org, api_version, user_id)
        with self._org.database.writing() as connection:
            job = evolve(job, id=make_id(JOB_PREFIX, take_serials(connection, "job", 1)))
            add_job(connection, job)
        return job

    def create_with_data(
        self, properties: Mapping[str, object], data: bytes, api_version: str, user_id: str
    ) -> BulkJob:
        """Create a job, upload its data and close it: the multipart create."""
        choices = self._org.choices
        if len(data.decode(errors="replace")) > choices.multipart_limit:
            raise choices.multipart_too_large.make_error(limit=str(choices.multipart_limit))
        job = self.create(properties, api_version, user_id)
        upload = self.begin_upload(job.id, user_id)
        try:
            upload.write(data)
            self.finish_upload(job.id, upload)
        finally:
            upload.discard()
        return self._close(job.id, multipart=True)

    def begin_upload(self, job_id: str, user_id: str, *, gzip: bool = False) -> UploadFile:
        """Open a file for the data of a job. The caller must finish or discard it."""
        choices = self._org.choices
        job = self._check_upload(job_id, user_id)
        files = self.get_files(job)
        files.create()
        return UploadFile(
            files.folder,
            choices.upload_limit,
            gzip=gzip,
            too_large=choices.upload_too_large.make_error(limit=str(choices.upload_limit)),
        )

    def finish_upload(self, job_id: str, upload: UploadFile) -> None:
        """Assign uploaded data to its job, in one transaction."""
        upload.finish()
        with self._org.database.writing() as connection:
            job = self._find(job_id)
            self._check_open(job)
            if job.uploads == 0:
                upload.path.replace(self.get_files(job).upload)
            else:
                upload.discard()
            save_job(connection, evolve(job, uploads=job.uploads + 1, upload_bytes=upload.size))
        self._before[job.id] = job

    def _check_upload(self, job_id: str, user_id: str) -> BulkJob:
        job = self._find(job_id)
        if job.created_by != user_id:
            raise self._org.choices.foreign_user.make_error(id=job.id)
        self._check_open(job)
        return job

    def _check_open(self, job: BulkJob) -> None:
        choices = self._org.choices
        if job.state is not BulkJobState.OPEN:
            raise choices.put_not_open.make_error(state=job.state)
        if is_too_old_for_data(job, self._org):
            raise choices.put_too_late.make_error(hours=f"{choices.open_job_hours:g}")
        if job.uploads and choices.second_put is SecondPut.REFUSE:
            raise choices.two_uploads.make_error(id=job.id[:15])

    # State.

    def change_state(self, job_id: str, state: object, user_id: str) -> BulkJob:
        """Close a job (`UploadComplete`) or abort it (`Aborted`)."""
        choices = self._org.choices
        job = self._find(job_id)
        allowed = job.created_by == user_id or self._org.schema.permissions.manage_data_integrations
        if not allowed:
            raise choices.foreign_user.make_error(id=job.id)
        if state == BulkJobState.UPLOAD_COMPLETE:
            return self._close(job.id)
        if state == BulkJobState.ABORTED:
            return self._abort(job.id)
        raise choices.state_illegal.make_error(state=format_value(state))

    def _close(self, job_id: str, *, multipart: bool = False) -> BulkJob:
        now = self._org.clock.now()
        with self._org.database.writing() as connection:
            job = self._find(job_id)
            if job.state is not BulkJobState.OPEN:
                raise self._org.choices.close_illegal.make_error(
                    state=job.state.name_in_close_error
                )
            if job.uploads > 1:
                raise self._org.choices.two_uploads.make_error(id=job.id[:15])
            closed = evolve(
                job,
                state=BulkJobState.UPLOAD_COMPLETE,
                closed=format_moment(now),
                multipart=multipart,
            )
            save_job(connection, closed)
        self._before[job.id] = job
        self._worker.add(self._make_task(closed), now)
        return closed

    def _abort(self, job_id: str) -> BulkJob:
        with self._org.database.writing() as connection:
            job = self._find(job_id)
            if job.state.final:
                raise self._org.choices.abort_illegal.make_error(state=job.state.name_in_errors)
            started = job.state is BulkJobState.IN_PROGRESS
            modified = format_moment(self._org.clock.now()) if started else job.modified
            aborted = evolve(job, state=BulkJobState.ABORTED, modified=modified)
            save_job(connection, aborted)
        self._before[job.id] = job
        self._release(aborted)
        if started:
            self._schedule_late_commit(aborted)
        return aborted

    def _release(self, job: BulkJob) -> None:
        task = self._worker.drop(job.id)
        if isinstance(task, IngestTask):
            task.abort()

    def end(self, job_id: str, *, delete: bool) -> None:
        """Abort a job as another user would, unless it is final. With `delete`, delete it too."""
        job = self._find(job_id)
        if not job.state.final:
            self._abort(job.id)
        if delete:
            self.delete(job.id)

    def _make_task(self, job: BulkJob) -> IngestTask:
        return IngestTask(self._org, job, self.get_files(job), self._schedule_late_commit)

    def _schedule_late_commit(self, job: BulkJob) -> None:
        """Schedule a late commit of an ended job, if a fault requests one."""
        late = self._org.faults.take_late_commit()
        if late is not None:
            task = LateCommit(self._make_task(job), late.rows)
            self._worker.add(task, self._org.clock.now(), speed=late.speed or Never())

    # Reading.

    def get(self, job_id: str) -> BulkJob:
        """Get a job. This counts as a poll, which may let its processing advance first."""
        job = self._find(job_id)
        if not job.state.final:
            self._worker.count_poll(job.id)
            job = self._find(job.id)
        if job.state.final:
            self._worker.count_poll(job.id, own_speed=True)
            job = self._find(job.id)
        return job

    def get_before_change(self, job_id: str) -> BulkJob:
        """Get a job as it was before the last request that changed it."""
        job = self.get(job_id)
        return self._before.get(job.id, job)

    def list_page(self, types: Collection[JobType], locator: str | None) -> JobListPage:
        """List a page of the jobs of some types. `locator` is the `next` of the previous page."""
        self._expire()
        size = self._org.choices.page_size
        with self._org.database.reading() as connection:
            jobs = list_jobs_after(connection, types, locator or "", size + 1)
        more = len(jobs) > size
        return JobListPage(tuple(jobs[:size]), jobs[size - 1].id if more else None)

    def open_results(self, job_id: str, kind: ResultFileKind) -> Iterator[bytes] | None:
        """Read a result file in blocks; `None` if there is nothing to send yet."""
        choices = self._org.choices
        job = self._find(job_id)
        if not job.state.final:
            if choices.early_results is EarlyResults.EMPTY:
                return None
            raise choices.early_results_refusal.make_error(state=job.state)
        return read_result(job, self.get_files(job), kind, choices)

    def delete(self, job_id: str) -> None:
        """Delete a job with its data and results."""
        with self._org.database.writing() as connection:
            job = self._find(job_id)
            if job.state in {BulkJobState.OPEN, BulkJobState.IN_PROGRESS}:
                raise self._org.choices.delete_unfinished.make_error()
            remove_job(connection, job.id)
        self._forget(job)

    def remove(self, job: BulkJob) -> None:
        """Remove a job in any state."""
        with self._org.database.writing() as connection:
            remove_job(connection, job.id)
        self._forget(job)

    def get_files(self, job: BulkJob) -> JobFiles:
        """Get the files of a job."""
        return JobFiles(self._org.database.get_job_folder(job.id))

    # Lookup and retention.

    def _find(self, job_id: str) -> BulkJob:
        known = to_id18(job_id)
        if known is None:
            raise make_not_found_error()
        job = self._read(known)
        if job is not None and is_expired(job, self._org):
            self._expire()
            job = self._read(known)
        if job is None or job.job_type is not JobType.INGEST:
            raise make_not_found_error()
        return job

    def _read(self, job_id: str) -> BulkJob | None:
        with self._org.database.reading() as connection:
            return find_job(connection, job_id)

    def _expire(self) -> None:
        """Remove the jobs that have expired."""
        with self._org.database.reading() as connection:
            expired = find_expired(connection, JobType.INGEST, self._org)
        if not expired:
            return
        with self._org.database.writing() as connection:
            for job in expired:
                remove_job(connection, job.id)
        # Outside of the transaction, which the worker may be waiting for with one of these jobs.
        for job in expired:
            self._forget(job)

    def _forget(self, job: BulkJob) -> None:
        task = self._worker.drop(job.id)
        if task is not None:
            task.close()
        self._before.pop(job.id, None)
        self.get_files(job).remove()

    def _resume(self) -> None:
        """Resume the closed jobs that were unfinished when the sandbox was last stopped."""
        with self._org.database.reading() as connection:
            jobs = list_jobs_in(
                connection, {BulkJobState.UPLOAD_COMPLETE, BulkJobState.IN_PROGRESS}
            )
        for job in jobs:
            if job.job_type is JobType.INGEST:
                self._worker.add(self._make_task(job), self._org.resolve_moment(job.closed))
