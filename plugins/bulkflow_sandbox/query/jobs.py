"""The operations on query jobs, without HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from bulkflow_sandbox.core.behavior import EarlyResults
from bulkflow_sandbox.core.dates import format_moment
from bulkflow_sandbox.core.errors import make_not_found_error
from bulkflow_sandbox.core.ids import JOB_PREFIX, make_id, to_id18
from bulkflow_sandbox.core.limits import QUERY_JOBS, QUERY_STORAGE
from bulkflow_sandbox.job_retention import find_expired, is_expired
from bulkflow_sandbox.jobs.job import (
    BulkJob,
    BulkJobState,
    ColumnDelimiter,
    JobType,
    LineEnding,
    Operation,
)
from bulkflow_sandbox.jobs.job_table import add_job, find_job, list_jobs_in, remove_job, save_job
from bulkflow_sandbox.jobs.request_fields import format_value, read_text, read_word
from bulkflow_sandbox.query.locator import Locator
from bulkflow_sandbox.query.result import QueryFiles
from bulkflow_sandbox.query.task import QueryTask
from bulkflow_sandbox.soql.sql_query import Surface
from bulkflow_sandbox.store.database import take_serials

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bulkflow_sandbox.jobs.worker import Worker
    from bulkflow_sandbox.org import SandboxOrg
    from bulkflow_sandbox.soql.sql_query import Output, Statement


@frozen
class ResultPage:
    """A page of a result: its row count, its bytes with the header, and the next locator."""

    rows: int
    blocks: Iterator[bytes]
    next: str | None


@frozen
class PageList:
    """The locators of some pages; `next` is the locator to continue the list at."""

    locators: tuple[str, ...]
    next: str | None


class QueryJobs:
    """Creates, changes and reads query jobs.

    Methods raise `ApiError` for requests that Salesforce rejects. Ids have 15 or 18 characters.
    """

    def __init__(self, org: SandboxOrg, worker: Worker) -> None:
        self._org = org
        self._worker = worker
        self._resume()

    def create(self, properties: Mapping[str, object], api_version: str, user_id: str) -> BulkJob:
        """Create a job from the properties of a request, and queue it."""
        choices = self._org.choices
        operation = read_word(
            Operation, read_text(properties, "operation", choices), "operation", choices
        )
        if operation not in {Operation.QUERY, Operation.QUERY_ALL}:
            raise choices.body_unreadable.make_error(problem="operation must be query or queryAll")
        query = read_text(properties, "query", choices)
        if not query:
            raise choices.query_missing.make_error()
        content_type = read_text(properties, "contentType", choices)
        if content_type not in {None, "CSV"}:
            raise choices.body_unreadable.make_error(
                problem=f"Unsupported value for contentType: {content_type}"
            )
        ending = read_word(
            LineEnding, read_text(properties, "lineEnding", choices), "lineEnding", choices
        )
        delimiter = read_word(
            ColumnDelimiter,
            read_text(properties, "columnDelimiter", choices),
            "columnDelimiter",
            choices,
        )
        self._check_limits()
        now = self._org.clock.now()
        job = BulkJob(
            id="",
            job_type=JobType.QUERY,
            operation=operation,
            object="",
            created_by=user_id,
            created=format_moment(now),
            modified=format_moment(now),
            state=BulkJobState.UPLOAD_COMPLETE,
            api_version=api_version,
            line_ending=ending or LineEnding.LF,
            column_delimiter=delimiter or ColumnDelimiter.COMMA,
            query=query,
            closed=format_moment(now),
        )
        statement = self._compile(job)
        with self._org.database.writing() as connection:
            job = evolve(
                job,
                id=make_id(JOB_PREFIX, take_serials(connection, "job", 1)),
                object=statement.item.name,
                progress="ordered" if statement.ordered else None,
            )
            add_job(connection, job)
        self._org.limits.use(QUERY_JOBS)
        self._worker.add(self._make_task(job), now)
        return job

    def change_state(self, job_id: str, state: object, user_id: str) -> BulkJob:
        """Abort a job. No other state can be set."""
        choices = self._org.choices
        job = self._find(job_id)
        allowed = job.created_by == user_id or self._org.schema.permissions.manage_data_integrations
        if not allowed:
            raise choices.foreign_user.make_error(id=job.id)
        if state != BulkJobState.ABORTED:
            raise choices.state_illegal.make_error(state=format_value(state))
        with self._org.database.writing() as connection:
            job = self._find(job_id)
            if job.state.final:
                raise choices.abort_illegal.make_error(state=job.state.name_in_errors)
            job = evolve(
                job, state=BulkJobState.ABORTED, modified=format_moment(self._org.clock.now())
            )
            save_job(connection, job)
        self._release(job)
        return job

    def read_info(self, job_id: str) -> BulkJob:
        """Read a job, and count this as a poll."""
        job = self._find(job_id)
        if not job.state.final:
            self._worker.count_poll(job.id)
        return self._find(job.id)

    def read_results(
        self, job_id: str, api_version: str, locator: str | None, most: int | None
    ) -> ResultPage | None:
        """Read a page of a job's result; return `None` if there is no result yet.

        Args:
            job_id: The job.
            api_version: The version of the request.
            locator: The locator of the page; `None` is the first page.
            most: The maximum number of rows; `None` uses the locator's, or the default.
        """
        job = self._find_finished(job_id, api_version)
        if job is None:
            return None
        choices, files = self._org.choices, self._get_files(job)
        try:
            count = files.count()
            start = self._read_locator(job, locator, count)
            size = most or start.size
            rows = min(size, count - start.first)
            blocks = files.read_page(start.first, rows)
        except FileNotFoundError as error:
            # Another request has just deleted the job.
            raise make_not_found_error() from error
        following = start.first + rows
        return ResultPage(
            rows=rows,
            blocks=blocks if count or choices.query_header_without_rows else iter(()),
            next=Locator(following, size).to_text(job.id) if following < count else None,
        )

    def list_pages(self, job_id: str, api_version: str, locator: str | None) -> PageList | None:
        """List the locators of a result's pages, for clients that fetch them in parallel."""
        job = self._find_finished(job_id, api_version)
        if job is None:
            return None
        try:
            count = self._get_files(job).count()
        except FileNotFoundError as error:
            raise make_not_found_error() from error
        start = self._read_locator(job, locator, count)
        most = self._org.choices.query_pages
        firsts = list(range(start.first, max(count, 1), start.size))
        texts = [Locator(first, start.size).to_text(job.id) for first in firsts[: most + 1]]
        return PageList(tuple(texts[:most]), texts[most] if len(texts) > most else None)

    def delete(self, job_id: str) -> None:
        """Delete a finished job and its result."""
        with self._org.database.writing() as connection:
            job = self._find(job_id)
            if not job.state.final:
                raise self._org.choices.delete_unfinished.make_error()
            remove_job(connection, job.id)
        self._get_files(job).remove()

    def end(self, job_id: str, *, delete: bool) -> None:
        """Abort a job as another user would, unless it is final. With `delete`, delete it too."""
        job = self._find(job_id)
        if not job.state.final:
            self.change_state(job.id, BulkJobState.ABORTED, job.created_by)
        if delete:
            self.delete(job.id)

    def remove(self, job: BulkJob) -> None:
        """Delete a job in any state."""
        with self._org.database.writing() as connection:
            remove_job(connection, job.id)
        self._release(job)
        self._get_files(job).remove()

    def expire(self) -> None:
        """Delete the jobs that are too old to be kept."""
        with self._org.database.reading() as connection:
            expired = find_expired(connection, JobType.QUERY, self._org)
        if not expired:
            return
        with self._org.database.writing() as connection:
            for job in expired:
                remove_job(connection, job.id)
        for job in expired:
            self._release(job)
            self._get_files(job).remove()

    def _find_finished(self, job_id: str, api_version: str) -> BulkJob | None:
        choices = self._org.choices
        job = self._find(job_id)
        if job.api_version != api_version:
            raise choices.query_version_conflict.make_error(version=job.api_version)
        if job.state is BulkJobState.JOB_COMPLETE:
            return job
        if not job.state.final and choices.early_results is EarlyResults.EMPTY:
            return None
        raise choices.early_results_refusal.make_error(state=job.state)

    def _read_locator(self, job: BulkJob, text: str | None, count: int) -> Locator:
        if not text:
            return Locator(0, self._org.choices.query_page_rows)
        locator = Locator.from_text(text, job.id)
        if locator is None or not 0 <= locator.first < max(count, 1) or locator.size < 1:
            raise self._org.choices.query_locator_invalid.make_error()
        return locator

    def _check_limits(self) -> None:
        for name in (QUERY_JOBS, QUERY_STORAGE):
            if self._org.limits.get_remaining(name) <= 0:
                raise self._org.choices.query_jobs_exceeded.make_error(limit=name)

    def _compile(self, job: BulkJob) -> Statement:
        # Importing SOQL loads lark, which only sandboxes that run queries need.
        from bulkflow_sandbox.soql.compile import compile_query
        from bulkflow_sandbox.soql.parse import parse

        org = self._org
        return compile_query(
            parse(job.query or "", org.choices),
            schema=org.schema,
            choices=org.choices,
            now=org.resolve_moment(job.closed),
            surface=Surface.BULK,
            deleted=job.operation is Operation.QUERY_ALL,
        )

    def _make_task(self, job: BulkJob) -> QueryTask:
        def columns(statement: Statement) -> list[Output]:
            outputs = list(statement.outputs)
            if float(job.api_version) < self._org.choices.written_order_version:
                outputs.sort(key=lambda output: output.label)
            return outputs

        return QueryTask(self._org, job, self._get_files(job), lambda: self._compile(job), columns)

    def _get_files(self, job: BulkJob) -> QueryFiles:
        return QueryFiles(self._org.database.get_job_folder(job.id))

    def _find(self, job_id: str) -> BulkJob:
        known = to_id18(job_id)
        if known is None:
            raise make_not_found_error()
        with self._org.database.reading() as connection:
            job = find_job(connection, known)
        if job is None or job.job_type is not JobType.QUERY:
            raise make_not_found_error()
        if is_expired(job, self._org):
            self.expire()
            raise make_not_found_error()
        return job

    def _release(self, job: BulkJob) -> None:
        task = self._worker.drop(job.id)
        if task is not None:
            task.close()

    def _resume(self) -> None:
        """Queue the jobs that were unfinished when the sandbox last stopped."""
        with self._org.database.reading() as connection:
            jobs = list_jobs_in(
                connection, {BulkJobState.UPLOAD_COMPLETE, BulkJobState.IN_PROGRESS}
            )
        for job in jobs:
            if job.job_type is JobType.QUERY:
                self._worker.add(self._make_task(job), self._org.resolve_moment(job.closed))
