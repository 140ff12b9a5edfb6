"""Executes steps on a logical job: on all of its parts, several at a time."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow.model.event import Notice
from bulkflow.model.job_phase import Phase
from bulkflow_ingest.api.client import IngestApi
from bulkflow_ingest.execution.kept_results import KeptResults
from bulkflow_ingest.execution.part_requests import PartRequests
from bulkflow_ingest.execution.part_sender import PartSender
from bulkflow_ingest.execution.part_watch import watch_parts
from bulkflow_ingest.execution.preconditions import (
    refuse_absent,
    refuse_cut_short,
    refuse_gaps,
    refuse_given_up,
    refuse_incomplete,
)
from bulkflow_ingest.execution.scheduler import PartActions, PartScheduler
from bulkflow_ingest.execution.status_reader import StatusReader
from bulkflow_ingest.parts.job_parts import JobParts
from bulkflow_ingest.parts.ledger import Ledger
from bulkflow_ingest.results.counts import Counting
from bulkflow_ingest.results.reader import Results
from bulkflow_jobs.errors import JobStatusError
from bulkflow_jobs.job_ids import JobIds
from bulkflow_jobs.job_responses import ExpectedJob
from bulkflow_jobs.notices import warn
from bulkflow_jobs.patience import get_patience
from bulkflow_jobs.poll_schedule import PollSchedule
from bulkflow_jobs.session import open_session
from bulkflow_jobs.worker_pool import WorkerPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bulkflow.plugin import Context, Job
    from bulkflow_ingest.parts.part_job import PartJob


@frozen
class JobRunner:
    """Executes the steps of one logical job."""

    context: Context
    job: Job
    parts: JobParts
    requests: PartRequests

    @classmethod
    def connect(cls, context: Context, job: Job) -> JobRunner:
        """Make the runner of a job that was prepared, and connect to its org."""
        parts = JobParts.of(job)
        patience = get_patience(context, parts.settings.patience)
        settings, ids = parts.settings, JobIds.of(context, job)
        expected = (
            ExpectedJob(settings.operation, settings.object, ids)
            if settings.existing is None
            else ExpectedJob(ids=ids)
        )
        api = IngestApi(open_session(context), expected).with_patience(patience)
        runner = cls(context, job, parts, PartRequests(api, context, parts, Ledger(context)))
        if parts.is_restored:
            runner._refresh_restored()
        return runner

    @property
    def status(self) -> StatusReader:
        """Reads the status of the parts."""
        return StatusReader(self.context, self.parts, self.requests)

    @property
    def counting(self) -> Counting:
        """Counts the outcomes of the rows."""
        return Counting(self.context, self.parts, self.results)

    @property
    def results(self) -> Results:
        """The job's result files."""
        return Results(self.requests.api, self.context, self.parts)

    @property
    def _sender(self) -> PartSender:
        return PartSender(self.context, self.parts, self.requests)

    @property
    def _kept(self) -> KeptResults:
        return KeptResults(self.context, self.parts, self.results)

    def create(self) -> None:
        """Create a job in the org for every part that has none."""
        self._check_ledger()
        self._run_each([part for part in self._current() if part.id is None], self._sender.create)
        self.status.report_orphans()
        self.job.phase = Phase.OPEN

    def upload(self) -> None:
        """Upload every part that is not uploaded yet; creates the jobs that are missing."""
        self._note_emptiness()
        self._check_ledger()
        self._refresh_unknown()
        self._run_each(self._iter_not_uploaded(), self._sender.upload)
        self.status.report_orphans()
        self.job.phase = Phase.UPLOADED

    def close(self) -> None:
        """Close the jobs of all parts that were not handed over yet.

        Raises:
            StepError: Some rows are not uploaded, or somebody aborted a part.
        """
        self._check_ledger()
        self._run_each(
            [part for part in self._current() if part.needs_new_upload], self._sender.upload
        )
        self.status.report_orphans()
        refuse_gaps(self.parts, self._current())
        self._refresh_unknown()
        # Before the first close, too: such a job is handed over as a whole or not at all.
        refuse_given_up(self.parts, self._current())
        closing = [part for part in self._current() if part.in_org and part.is_sendable]
        self._run_each(closing, self._sender.close)
        refuse_given_up(self.parts, self._current())
        refuse_cut_short(self.parts, self._current(), self.context)
        self.job.phase = Phase.CLOSED

    def abort(self) -> None:
        """Abort every unfinished part. A job whose parts have all finished stays as it is.

        A job whose status could not be read is not aborted: it may be loading as it should.
        """
        if isinstance(self.context.failure, JobStatusError):
            resume, abort = (self.context.format_command(verb) for verb in ("resume", "abort"))
            warn(
                self.context,
                self.job,
                f"job {self.job.name} is not aborted because its status could not be read",
                f"it continues in the org; `{resume}` waits for it, `{abort}` aborts it",
            )
            return
        running = [part for part in self._refresh_unknown() if not part.is_final]
        missing = [part for part in self.parts.parts if part.id is None]
        self._run_each(running, self._sender.abort, try_all=True)
        if running or missing or self.job.phase is not Phase.FINISHED:
            self.job.phase = Phase.ABORTED
        for part in missing:
            part.abandon()
        self._count()
        # An interrupted run does not wait for complete results.
        if not self.context.stopping:
            self._kept.fetch_complete()

    def load(self) -> None:
        """Upload and close each part as soon as possible, and wait for all of them.

        A job that is read while it is sent is closed only after the last row was uploaded, because
        a fault may be found until then.
        """
        if self.parts.pending is not None:
            self.upload()
            self.close()
        self._note_emptiness()
        self._check_ledger()
        self._refresh_unknown()
        self.load_parts(self.parts.parts)

    def load_parts(self, parts: Sequence[PartJob]) -> None:
        """Upload and close some parts, and wait for each as soon as it is closed."""
        unsent = [part for part in parts if part.is_sendable and not self.parts.is_superseded(part)]
        self._finish(parts, unsent, timeout=None, interval=None)

    def wait(self, timeout: float | None, interval: float | None) -> None:
        """Poll until every part has finished.

        Raises:
            StepError: A part failed as a whole, somebody aborted a part, or the wait timed out. On
                a timeout the job continues in the org.
        """
        self._finish(self.parts.parts, [], timeout=timeout, interval=interval)

    def _finish(
        self,
        parts: Sequence[PartJob],
        unsent: Sequence[PartJob],
        *,
        timeout: float | None,
        interval: float | None,
    ) -> None:
        """Send the unsent ones of some parts, and wait until all of the parts have finished."""
        parts = [part for part in parts if not self.parts.is_superseded(part)]
        sending = set(unsent)
        awaited = [part for part in parts if part not in sending]
        refuse_absent(self.parts, awaited)
        files = self.results.files
        actions = PartActions(
            self._sender.upload_and_close,
            self.status.limit(timeout).poll,
            files.foreseen,
            files.fetch_early,
            self.status.report_orphans,
        )
        schedule = PollSchedule.of(self.context)
        try:
            with watch_parts(schedule, self.context, self.parts, interval) as watch:
                PartScheduler(self.context, self.parts, actions, watch, timeout).run(
                    unsent, awaited
                )
        finally:
            self._update_progress()
        self._count()
        self.job.phase = Phase.FINISHED
        self._kept.fetch()
        refuse_incomplete(self.parts, parts, self.context)
        self.results.trusted.refuse_doubted()

    def delete(self) -> None:
        """Delete every part's job from the org."""
        self._kept.fetch_complete()
        self._run_each(self.parts.in_org, self.requests.delete, try_all=True)
        self.parts.recount()
        self.job.phase = Phase.DELETED

    def _refresh_restored(self) -> None:
        """Read the status of the parts that an earlier attempt worked on."""
        status = self.status
        status.report_orphans()
        counted = self.job.counts
        # Steps that were completed before have set the phase.
        phase_is_known = self.job.phase is not Phase.DECLARED
        self._run_each(self.parts.in_org, status.refresh_restored)
        self.parts.is_restored = False
        if not phase_is_known:
            self.job.phase = self.parts.phase
        self.counting.count_again(counted)
        self.requests.ledger.record_outcomes(self.parts)

    def _check_ledger(self) -> None:
        """Check the rows that an earlier attempt at this run left unsent against other runs.

        Raises:
            HandedOverBeforeError: Another run handed some of them over.
        """
        if self.parts.needs_ledger_check:
            due = [part for part in self._current() if not part.handed_over]
            self.requests.ledger.check(self.parts, due)
            self.parts.needs_ledger_check = False

    def _count(self) -> None:
        """Update the counts after parts have finished, and record them in the ledger."""
        self.counting.count()
        if self.parts.has_resent_rows:
            self.counting.settle()
        self.requests.ledger.record_outcomes(self.parts)

    def _current(self) -> list[PartJob]:
        """Return the parts whose rows were not sent again in other parts."""
        return [part for part in self.parts.parts if not self.parts.is_superseded(part)]

    def _refresh_unknown(self) -> list[PartJob]:
        """Read the status of parts that this attempt has not seen; return all parts in the org."""
        unknown = [part for part in self.parts.in_org if not part.is_refreshed]
        self._run_each(unknown, self.requests.refresh)
        return self.parts.in_org

    def _iter_not_uploaded(self) -> Iterable[PartJob]:
        """Return the parts to upload; parts of a stream are read on demand."""
        due = [part for part in self._current() if not part.uploaded]
        coming = self.parts.pending
        return due if coming is None else chain(due, coming.take_all(self.context))

    def _note_emptiness(self) -> None:
        if not self.parts.parts:
            self.context.emit(Notice("there are no rows to load", job=self.job.key))

    def _run_each(
        self, parts: Iterable[PartJob], act: Callable[[PartJob], None], *, try_all: bool = False
    ) -> None:
        """Act on parts in parallel, as `WorkerPool.run_each` does, and update the progress."""
        try:
            WorkerPool.of(self.context).run_each(
                parts,
                act,
                width=self.parts.settings.connections,
                checkpoint=self.context.checkpoint,
                try_all=try_all,
            )
        finally:
            self._update_progress()

    def _update_progress(self) -> None:
        """Update the job's phase and counts, and emit its progress."""
        if self.job.phase is Phase.DECLARED and self.parts.in_org:
            self.job.phase = Phase.OPEN
        self.parts.recount()
        self.parts.report_progress(self.context, now=True)
