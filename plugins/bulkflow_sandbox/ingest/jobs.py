"""The requests on ingest jobs, without HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from bulkflow_sandbox.choices import EarlyResults, ExpiredOpenJob, SecondPut
from bulkflow_sandbox.dates import moment_text
from bulkflow_sandbox.errors import not_found
from bulkflow_sandbox.ids import JOB_PREFIX, make_id, to18
from bulkflow_sandbox.ingest.files import JobFiles, Upload
from bulkflow_sandbox.ingest.results import ResultKind, result_blocks
from bulkflow_sandbox.ingest.task import IngestTask
from bulkflow_sandbox.jobs.job import (
    ColumnDelimiter,
    Job,
    JobState,
    JobType,
    LineEnding,
    Operation,
)
from bulkflow_sandbox.jobs.properties import one_of, text_of
from bulkflow_sandbox.jobs.table import add_job, find_job, jobs_after, jobs_in, remove_job, save_job
from bulkflow_sandbox.schema.rules import Action
from bulkflow_sandbox.store.database import take_serials

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import timedelta

    from bulkflow_sandbox.jobs.worker import Worker
    from bulkflow_sandbox.org import Org

_ACTIONS: Final = {
    Operation.INSERT: (Action.CREATE,),
    Operation.UPDATE: (Action.UPDATE,),
    Operation.UPSERT: (Action.CREATE, Action.UPDATE),
    Operation.DELETE: (Action.DELETE,),
    Operation.HARD_DELETE: (Action.DELETE,),
}
_WORDS: Final = (
    "object",
    "operation",
    "externalIdFieldName",
    "contentType",
    "columnDelimiter",
    "lineEnding",
    "assignmentRuleId",
)


@frozen
class Page:
    """A page of the list of jobs; `next` is where the following page begins, if there is one."""

    jobs: tuple[Job, ...]
    next: str | None


class IngestJobs:
    """What clients ask of ingest jobs.

    Every method raises `ApiError` for what Salesforce refuses. Ids may have 15 or 18 characters.
    """

    def __init__(self, org: Org, worker: Worker) -> None:
        self._org = org
        self._worker = worker
        self._resume()

    # Create, upload.

    def create(self, properties: Mapping[str, object], api_version: str, user_id: str) -> Job:
        """A new open job from the properties of a create request."""
        job = self._new_job(properties, api_version, user_id)
        with self._org.database.writing() as connection:
            job = evolve(job, id=make_id(JOB_PREFIX, take_serials(connection, "job", 1)))
            add_job(connection, job)
        return job

    def create_with_data(
        self, properties: Mapping[str, object], data: bytes, api_version: str, user_id: str
    ) -> Job:
        """A new job that has its data and is complete: the multipart create."""
        choices = self._org.choices
        if len(data.decode(errors="replace")) > choices.multipart_limit:
            raise choices.multipart_too_large.error(limit=str(choices.multipart_limit))
        job = self.create(properties, api_version, user_id)
        upload = self.begin_upload(job.id, user_id)
        try:
            upload.write(data)
            self.finish_upload(job.id, upload)
        finally:
            upload.discard()
        return self._close(job.id, multipart=True)

    def begin_upload(self, job_id: str, user_id: str, *, packed: bool = False) -> Upload:
        """Opens a file for the data of a job. The caller finishes or discards it."""
        choices = self._org.choices
        job = self._check_upload(job_id, user_id)
        files = self.files(job)
        files.create()
        with self._org.database.writing() as connection:
            number = take_serials(connection, "upload", 1)
        return Upload(
            files.folder / f"upload-{number}.part",
            choices.upload_limit,
            packed=packed,
            too_large=choices.upload_too_large.error(limit=str(choices.upload_limit)),
        )

    def finish_upload(self, job_id: str, upload: Upload) -> None:
        """Gives uploaded data to its job, as one step."""
        upload.finish()
        with self._org.database.writing() as connection:
            job = self._find(job_id)
            self._check_open(job)
            if job.uploads == 0:
                upload.path.replace(self.files(job).upload)
            else:
                upload.discard()
            save_job(connection, evolve(job, uploads=job.uploads + 1, upload_bytes=upload.size))

    def _check_upload(self, job_id: str, user_id: str) -> Job:
        job = self._find(job_id)
        if job.created_by != user_id:
            raise self._org.choices.foreign_user.error(id=job.id)
        self._check_open(job)
        return job

    def _check_open(self, job: Job) -> None:
        choices = self._org.choices
        if job.state is not JobState.OPEN:
            raise choices.put_not_open.error(state=job.state)
        if job.uploads and choices.second_put is SecondPut.REFUSE:
            raise choices.two_uploads.error(id=job.id[:15])

    # State.

    def change_state(self, job_id: str, state: object, user_id: str) -> Job:
        """Closes a job (`UploadComplete`) or aborts it (`Aborted`)."""
        choices = self._org.choices
        job = self._find(job_id)
        mine = job.created_by == user_id or self._org.schema.permissions.manage_data_integrations
        if not mine:
            raise choices.foreign_user.error(id=job.id)
        if state == JobState.UPLOAD_COMPLETE:
            return self._close(job.id)
        if state == JobState.ABORTED:
            return self._abort(job.id)
        raise choices.state_illegal.error(state=str(state))

    def _close(self, job_id: str, *, multipart: bool = False) -> Job:
        now = self._org.clock.now()
        with self._org.database.writing() as connection:
            job = self._find(job_id)
            if job.state is not JobState.OPEN:
                raise self._org.choices.close_illegal.error(state=job.state.spoken_closed)
            if job.uploads > 1:
                raise self._org.choices.two_uploads.error(id=job.id[:15])
            job = evolve(
                job,
                state=JobState.UPLOAD_COMPLETE,
                closed=moment_text(now),
                multipart=multipart,
            )
            save_job(connection, job)
        self._worker.add(IngestTask(self._org, job, self.files(job)), now)
        return job

    def _abort(self, job_id: str) -> Job:
        with self._org.database.writing() as connection:
            job = self._find(job_id)
            if job.state.final:
                raise self._org.choices.abort_illegal.error(state=job.state.spoken)
            started = job.state is JobState.IN_PROGRESS
            modified = moment_text(self._org.clock.now()) if started else job.modified
            job = evolve(job, state=JobState.ABORTED, modified=modified)
            save_job(connection, job)
        self._release(job)
        return job

    def _release(self, job: Job) -> None:
        task = self._worker.drop(job.id)
        if isinstance(task, IngestTask):
            task.give_up()

    # Questions.

    def info(self, job_id: str) -> Job:
        """A job, after this look at it has had its effect on the pace."""
        job = self._find(job_id)
        if not job.state.final:
            self._worker.look(job.id)
        return self._find(job.id)

    def page(self, types: Collection[JobType], locator: str | None) -> Page:
        """A page of the jobs of some kinds; `locator` is the `next` of the page before."""
        self._expire()
        size = self._org.choices.page_size
        with self._org.database.reading() as connection:
            jobs = jobs_after(connection, types, locator or "", size + 1)
        more = len(jobs) > size
        return Page(tuple(jobs[:size]), jobs[size - 1].id if more else None)

    def results(self, job_id: str, kind: ResultKind) -> Iterator[bytes] | None:
        """A result file in blocks; `None` when there is nothing to send yet."""
        choices = self._org.choices
        job = self._find(job_id)
        if not job.state.final:
            if choices.early_results is EarlyResults.EMPTY:
                return None
            raise choices.early_results_refusal.error(state=job.state)
        return result_blocks(job, self.files(job), kind, choices)

    def delete(self, job_id: str) -> None:
        """Removes a job with its data and results."""
        with self._org.database.writing() as connection:
            job = self._find(job_id)
            if job.state in {JobState.OPEN, JobState.IN_PROGRESS}:
                raise self._org.choices.delete_unfinished.error()
            remove_job(connection, job.id)
        self._forget(job)

    def files(self, job: Job) -> JobFiles:
        """The files of a job."""
        return JobFiles(self._org.database.job_folder(job.id))

    # Time.

    def _find(self, job_id: str) -> Job:
        known = to18(job_id)
        if known is None:
            raise not_found()
        with self._org.database.reading() as connection:
            job = find_job(connection, known)
        if job is None or job.job_type is not JobType.INGEST or self._is_over(job):
            raise not_found()
        return job

    def _is_over(self, job: Job) -> bool:
        """Whether the job's time has run out and it was removed for it."""
        choices = self._org.choices
        age = self._org.clock.now() - self._org.moment(job.created)
        hours = age.total_seconds() / 3600
        if job.state is JobState.OPEN and hours > choices.open_job_hours:
            self._expire()
            return choices.open_job_expires is ExpiredOpenJob.REMOVE
        if hours > choices.retention_days * 24:
            self._expire()
            return True
        return False

    def _expire(self) -> None:
        """Removes or fails the jobs whose time has run out."""
        choices = self._org.choices
        removed = []
        with self._org.database.writing() as connection:
            for job in jobs_in(connection, tuple(JobState)):
                if job.job_type is not JobType.INGEST:
                    continue
                age = self._org.clock.now() - self._org.moment(job.created)
                if _hours(age) > choices.retention_days * 24:
                    removed.append(job)
                elif job.state is JobState.OPEN and _hours(age) > choices.open_job_hours:
                    if choices.open_job_expires is ExpiredOpenJob.REMOVE:
                        removed.append(job)
                    else:
                        save_job(connection, evolve(job, state=JobState.FAILED))
            for job in removed:
                remove_job(connection, job.id)
        for job in removed:
            self._forget(job)

    def _forget(self, job: Job) -> None:
        task = self._worker.drop(job.id)
        if task is not None:
            task.close()
        self.files(job).remove()

    def _resume(self) -> None:
        """Goes on with the jobs that were closed when the sandbox was last ended."""
        with self._org.database.reading() as connection:
            jobs = jobs_in(connection, {JobState.UPLOAD_COMPLETE, JobState.IN_PROGRESS})
        for job in jobs:
            if job.job_type is JobType.INGEST:
                task = IngestTask(self._org, job, self.files(job))
                self._worker.add(task, self._org.moment(job.closed))

    # The create request.

    def _new_job(self, properties: Mapping[str, object], api_version: str, user_id: str) -> Job:
        choices, schema = self._org.choices, self._org.schema
        words = {name: text_of(properties, name, choices) for name in _WORDS}
        operation = one_of(Operation, words["operation"], "operation", choices)
        if operation is None or operation in {Operation.QUERY, Operation.QUERY_ALL}:
            raise choices.body_unreadable.error(problem="A required property is missing: operation")
        object_name = words["object"]
        if object_name is None:
            raise choices.body_unreadable.error(problem="A required property is missing: object")
        item = schema.object(object_name)
        if item is None:
            raise choices.object_unknown.error(object=object_name)
        if operation is Operation.HARD_DELETE and not schema.permissions.hard_delete:
            raise choices.hard_delete_forbidden.error()
        if not all(schema.permissions.may(action, item.name) for action in _ACTIONS[operation]):
            raise choices.operation_forbidden.error(object=item.name, operation=operation)
        external_id = None
        if operation is Operation.UPSERT:
            name = words["externalIdFieldName"]
            if not name:
                raise choices.external_id_missing.error(object=item.name)
            key = item.field(name)
            if key is None or not key.is_key:
                raise choices.external_id_unknown.error(field=name, object=item.name)
            external_id = key.name
        if words["contentType"] not in {None, "CSV"}:
            raise choices.body_unreadable.error(
                problem=f"Unsupported value for contentType: {words['contentType']}"
            )
        ending = one_of(LineEnding, words["lineEnding"], "lineEnding", choices)
        delimiter = one_of(ColumnDelimiter, words["columnDelimiter"], "columnDelimiter", choices)
        now = moment_text(self._org.clock.now())
        return Job(
            id="",
            job_type=JobType.INGEST,
            operation=operation,
            object=item.name,
            created_by=user_id,
            created=now,
            modified=now,
            state=JobState.OPEN,
            api_version=api_version,
            line_ending=ending or LineEnding.LF,
            column_delimiter=delimiter or ColumnDelimiter.COMMA,
            external_id_field=external_id,
            assignment_rule=self._assignment_rule(words["assignmentRuleId"], item.name),
        )

    def _assignment_rule(self, text: str | None, object_name: str) -> str | None:
        if text is None:
            return None
        rule = to18(text)
        if rule is None or not rule.startswith("01Q") or object_name not in {"Case", "Lead"}:
            raise self._org.choices.assignment_rule_illegal.error(rule=text, object=object_name)
        return rule


def _hours(age: timedelta) -> float:
    return age.total_seconds() / 3600
