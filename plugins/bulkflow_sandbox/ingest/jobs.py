"""The requests on ingest jobs, without HTTP."""

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
from bulkflow_sandbox.jobs.retention import find_expired, is_expired, is_too_old_for_data
from bulkflow_sandbox.store.database import take_serials

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from bulkflow_sandbox.jobs.worker import Worker
    from bulkflow_sandbox.org import Org


@frozen
class JobPage:
    """A page of the list of jobs; `next` is where the following page begins, if there is one."""

    jobs: tuple[BulkJob, ...]
    next: str | None


class IngestJobs:
    """What clients ask of ingest jobs.

    Every method raises `ApiError` for what Salesforce refuses. Ids may have 15 or 18 characters.
    """

    def __init__(self, org: Org, worker: Worker) -> None:
        self._org = org
        self._worker = worker
        self._before: dict[str, BulkJob] = {}
        self._resume()

    # Create, upload.

    def create(self, properties: Mapping[str, object], api_version: str, user_id: str) -> BulkJob:
        """A new open job from the properties of a create request."""
        job = make_job(properties, self._org, api_version, user_id)
        with self._org.database.writing() as connection:
            job = evolve(job, id=make_id(JOB_PREFIX, take_serials(connection, "job", 1)))
            add_job(connection, job)
        return job

    def create_with_data(
        self, properties: Mapping[str, object], data: bytes, api_version: str, user_id: str
    ) -> BulkJob:
        """A new job that has its data and is complete: the multipart create."""
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

    def begin_upload(self, job_id: str, user_id: str, *, packed: bool = False) -> UploadFile:
        """Opens a file for the data of a job. The caller finishes or discards it."""
        choices = self._org.choices
        job = self._check_upload(job_id, user_id)
        files = self.get_files(job)
        files.create()
        return UploadFile(
            files.folder,
            choices.upload_limit,
            packed=packed,
            too_large=choices.upload_too_large.make_error(limit=str(choices.upload_limit)),
        )

    def finish_upload(self, job_id: str, upload: UploadFile) -> None:
        """Gives uploaded data to its job, as one step."""
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
        """Closes a job (`UploadComplete`) or aborts it (`Aborted`)."""
        choices = self._org.choices
        job = self._find(job_id)
        mine = job.created_by == user_id or self._org.schema.permissions.manage_data_integrations
        if not mine:
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
        self._worker.add(self._task(closed), now)
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
            self._let_late_batch_work(aborted)
        return aborted

    def _release(self, job: BulkJob) -> None:
        task = self._worker.drop(job.id)
        if isinstance(task, IngestTask):
            task.give_up()

    def end(self, job_id: str, *, delete: bool) -> None:
        """Ends a job as somebody else would: aborts it where it is not final, and may delete it."""
        job = self._find(job_id)
        if not job.state.final:
            self._abort(job.id)
        if delete:
            self.delete(job.id)

    def _task(self, job: BulkJob) -> IngestTask:
        return IngestTask(self._org, job, self.get_files(job), self._let_late_batch_work)

    def _let_late_batch_work(self, job: BulkJob) -> None:
        """Lets a batch of a job that has ended save rows later, where a fault wants that."""
        late = self._org.faults.take_late_commit()
        if late is not None:
            task = LateCommit(self._task(job), late.rows)
            self._worker.add(task, self._org.clock.now(), speed=late.speed or Never())

    # Questions.

    def get(self, job_id: str) -> BulkJob:
        """A job, after this look at it has had its effect on the pace."""
        job = self._find(job_id)
        if not job.state.final:
            self._worker.count_poll(job.id)
            job = self._find(job.id)
        if job.state.final:
            self._worker.count_poll(job.id, own_speed=True)
            job = self._find(job.id)
        return job

    def get_before_change(self, job_id: str) -> BulkJob:
        """A job as it was before the last request that changed it."""
        job = self.get(job_id)
        return self._before.get(job.id, job)

    def list_page(self, types: Collection[JobType], locator: str | None) -> JobPage:
        """A page of the jobs of some kinds; `locator` is the `next` of the page before."""
        self._expire()
        size = self._org.choices.page_size
        with self._org.database.reading() as connection:
            jobs = list_jobs_after(connection, types, locator or "", size + 1)
        more = len(jobs) > size
        return JobPage(tuple(jobs[:size]), jobs[size - 1].id if more else None)

    def open_results(self, job_id: str, kind: ResultFileKind) -> Iterator[bytes] | None:
        """A result file in blocks; `None` when there is nothing to send yet."""
        choices = self._org.choices
        job = self._find(job_id)
        if not job.state.final:
            if choices.early_results is EarlyResults.EMPTY:
                return None
            raise choices.early_results_refusal.make_error(state=job.state)
        return read_result(job, self.get_files(job), kind, choices)

    def delete(self, job_id: str) -> None:
        """Removes a job with its data and results."""
        with self._org.database.writing() as connection:
            job = self._find(job_id)
            if job.state in {BulkJobState.OPEN, BulkJobState.IN_PROGRESS}:
                raise self._org.choices.delete_unfinished.make_error()
            remove_job(connection, job.id)
        self._forget(job)

    def remove(self, job: BulkJob) -> None:
        """Removes a job whatever its state."""
        with self._org.database.writing() as connection:
            remove_job(connection, job.id)
        self._forget(job)

    def get_files(self, job: BulkJob) -> JobFiles:
        """The files of a job."""
        return JobFiles(self._org.database.get_job_folder(job.id))

    # Time.

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
        """Removes the jobs whose time has run out."""
        with self._org.database.reading() as connection:
            over = find_expired(connection, JobType.INGEST, self._org)
        if not over:
            return
        with self._org.database.writing() as connection:
            for job in over:
                remove_job(connection, job.id)
        # Not within the transaction: the worker may wait for its end with one of these jobs.
        for job in over:
            self._forget(job)

    def _forget(self, job: BulkJob) -> None:
        task = self._worker.drop(job.id)
        if task is not None:
            task.close()
        self._before.pop(job.id, None)
        self.get_files(job).remove()

    def _resume(self) -> None:
        """Goes on with the jobs that were closed when the sandbox was last ended."""
        with self._org.database.reading() as connection:
            jobs = list_jobs_in(
                connection, {BulkJobState.UPLOAD_COMPLETE, BulkJobState.IN_PROGRESS}
            )
        for job in jobs:
            if job.job_type is JobType.INGEST:
                self._worker.add(self._task(job), self._org.moment(job.closed))
