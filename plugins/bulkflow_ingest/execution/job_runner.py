"""What the steps do with a logical job: all its parts, several at a time."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow.errors import BulkflowError, RunInterruptedError, StepError
from bulkflow.model.event import Notice
from bulkflow.model.job_phase import Phase
from bulkflow_ingest.api.answer_checks import Asked
from bulkflow_ingest.api.client import IngestApi, JobSpec
from bulkflow_ingest.api.job_ids import JobIds
from bulkflow_ingest.api.session import session_of
from bulkflow_ingest.execution.job_status import Asking
from bulkflow_ingest.execution.journaled_requests import (
    GoneError,
    Requests,
    TwoUploadsError,
    UnseenError,
)
from bulkflow_ingest.execution.patience import patience_of
from bulkflow_ingest.execution.poller import Schedule
from bulkflow_ingest.execution.preconditions import (
    refuse_absent,
    refuse_cut_short,
    refuse_gaps,
    refuse_given_up,
    refuse_incomplete,
    rows_are_gone,
)
from bulkflow_ingest.execution.scheduler import Conveyor, Stations
from bulkflow_ingest.parts.job_parts import JobParts
from bulkflow_ingest.parts.ledger import Ledger
from bulkflow_ingest.results.counts import Counting
from bulkflow_ingest.results.files import ALL_FILES
from bulkflow_ingest.results.reader import Results
from bulkflow_ingest.worker_pool import Lanes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bulkflow.plugin import Context, Job
    from bulkflow_ingest.parts.part_job import PartJob


@frozen
class JobWork:
    """A logical job, and the means to work on it."""

    context: Context
    job: Job
    parts: JobParts
    requests: Requests

    @classmethod
    def on(cls, context: Context, job: Job) -> JobWork:
        """The work on a job that was prepared; connects to its org."""
        parts = JobParts.of(job)
        patience = patience_of(context, parts.settings)
        asked = Asked.of(parts.settings, JobIds.of(context, job))
        api = IngestApi(session_of(context), asked).patient(patience)
        work = cls(context, job, parts, Requests(api, context, parts, Ledger(context)))
        if parts.is_restored:
            work._ask_again()
        return work

    @property
    def asking(self) -> Asking:
        """What is asked of the org."""
        return Asking(self.context, self.parts, self.requests)

    @property
    def counting(self) -> Counting:
        """What became of the rows."""
        return Counting(self.context, self.parts, self.results)

    @property
    def results(self) -> Results:
        """The job's result files."""
        return Results(self.requests.api, self.context, self.parts)

    def create(self) -> None:
        """Create a job in the org for every part that has none."""
        self._check_ledger()
        self._each([part for part in self._unsent() if part.id is None], self._create)
        self.asking.name_orphans()
        self.job.phase = Phase.OPEN

    def upload(self) -> None:
        """Send every part that is not up yet; creates the jobs that are missing."""
        self._note_emptiness()
        self._check_ledger()
        self._known()
        self._each(self._due(), self._upload)
        self.asking.name_orphans()
        self.job.phase = Phase.UPLOADED

    def close(self) -> None:
        """Hand every part over that was not yet.

        Raises:
            StepError: some of the rows are not up, or a part was aborted by somebody.
        """
        self._check_ledger()
        self._each([part for part in self._unsent() if part.needs_new_upload], self._upload)
        self.asking.name_orphans()
        refuse_gaps(self.parts, self._unsent())
        self._known()
        # Before as well: a job that is committed as a whole is not committed in part.
        refuse_given_up(self.parts, self._unsent())
        closing = [part for part in self._unsent() if part.in_org and part.is_sendable]
        self._each(closing, self._close)
        refuse_given_up(self.parts, self._unsent())
        refuse_cut_short(self.parts, self._unsent(), self.context)
        self.job.phase = Phase.CLOSED

    def abort(self) -> None:
        """Give up every part that is not finished; a job of which none is left stays as it is.

        Never because a job could not be looked at: it may be loading what it should.
        """
        if isinstance(self.context.failure, UnseenError):
            self.requests.warn(
                f"job {self.job.name} is not aborted, as it could not be looked at",
                f"it continues in the org; `{self.context.format_command('resume')}` waits for it, "
                f"`{self.context.format_command('abort')}` aborts it",
            )
            return
        running = [part for part in self._known() if not part.is_final]
        missing = [part for part in self.parts.parts if part.id is None]
        self._each(running, self._abort, whatever_fails=True)
        if running or missing or self.job.phase is not Phase.FINISHED:
            self.job.phase = Phase.ABORTED
        for part in missing:
            part.abandon()
        self._count()
        # Whoever interrupts a run waits for no job to stand still.
        if not self.context.stopping:
            self._keep_whole()

    def load(self) -> None:
        """Upload and close each part as a stream, and wait for all of them.

        What is read while it is sent is closed when all of it is up: faults may come until then.
        """
        if self.parts.pending is not None:
            self.upload()
            self.close()
        self._note_emptiness()
        self._check_ledger()
        self._known()
        self.load_parts(self.parts.parts)

    def load_parts(self, parts: Sequence[PartJob]) -> None:
        """Upload and close some parts as a stream, and wait for each from when it is closed."""
        unsent = [part for part in parts if part.is_sendable and not self.parts.is_superseded(part)]
        self._convey(parts, unsent, timeout=None, interval=None)

    def wait(self, timeout: float | None, interval: float | None) -> None:
        """Poll until every part is at an end, and say of those that failed why.

        Raises:
            StepError: a part failed as a whole, was aborted by somebody, or the time is up (which
                is no failure of the job: it goes on in the org).
        """
        self._convey(self.parts.parts, [], timeout=timeout, interval=interval)

    def _convey(
        self,
        parts: Sequence[PartJob],
        unsent: Sequence[PartJob],
        *,
        timeout: float | None,
        interval: float | None,
    ) -> None:
        """Send what is unsent of some parts, and take all of them to their ends."""
        parts = [part for part in parts if not self.parts.is_superseded(part)]
        sending = set(unsent)
        awaited = [part for part in parts if part not in sending]
        refuse_absent(self.parts, awaited)
        files = self.results.files
        stations = Stations(
            self._upload_and_close,
            self.asking.within(timeout).look,
            files.foreseen,
            files.fetch_early,
            self.asking.name_orphans,
        )
        try:
            with Schedule.of(self.context).watch(self.context, self.parts, interval) as watch:
                Conveyor(self.context, self.parts, stations, watch, timeout).run(unsent, awaited)
        finally:
            self._take_stock()
        self._count()
        self.job.phase = Phase.FINISHED
        self.keep()
        refuse_incomplete(self.parts, parts, self.context)
        self.results.trusted.refuse_doubted()

    def delete(self) -> None:
        """Remove every part's job from the org."""
        self._keep_whole()
        self._each(self.parts.in_org, self.requests.delete, whatever_fails=True)
        self.parts.recount()
        self.job.phase = Phase.DELETED

    def keep(self) -> None:
        """Fetch all result files that are not here, if the job keeps them.

        Files that do not become whole leave their parts doubted.

        Raises:
            StepError: One cannot be fetched.
        """
        if not self.parts.settings.keep_results:
            return
        files, trusted = self.results.files, self.results.trusted
        wanted = [
            (part, which)
            for part in self.parts.in_org
            if part.is_final
            for which in ALL_FILES
            if files.has_rows(part, which)
        ]
        try:
            trusted.fetch(wanted)
            trusted.verify(wanted)
        except RunInterruptedError:
            raise
        except BulkflowError as error:
            raise StepError(
                f"the results of job {self.job.name} are not all kept: {error.message}",
                help="what is loaded stays loaded; "
                f"`{self.context.format_command('resume')}` fetches the rest while the org has it"
                + (f"; {error.help}" if error.help else ""),
                notes=error.notes,
            ) from error

    def _keep_whole(self) -> None:
        """Keep all results. Raises `StepError` also if some do not become whole."""
        self.keep()
        if self.parts.settings.keep_results:
            self.results.trusted.refuse_doubted()

    def _ask_again(self) -> None:
        """Find out what became of the parts that an earlier attempt worked on."""
        self.asking.name_orphans()
        counted = self.job.counts
        # Steps that were done before have left it in their phase.
        unknown = self.job.phase is Phase.DECLARED
        self._each(self.parts.in_org, self.asking.ask_again)
        self.parts.is_restored = False
        if unknown:
            self.job.phase = self.parts.phase
        self.counting.count_again(counted)
        self.requests.ledger.record_outcomes(self.parts)

    def _check_ledger(self) -> None:
        """See that no other run handed over what an earlier attempt at this one left to be sent.

        Raises:
            HandedOverBeforeError: One did.
        """
        if self.parts.needs_ledger_check:
            due = [part for part in self._unsent() if not part.handed_over]
            self.requests.ledger.check(self.parts, due)
            self.parts.needs_ledger_check = False

    def _count(self) -> None:
        """Bring the counts up to date once parts have finished, and keep them in the ledger."""
        self.counting.count()
        if self.parts.has_resent_rows:
            self.counting.settle()
        self.requests.ledger.record_outcomes(self.parts)

    def _unsent(self) -> list[PartJob]:
        """The parts that may be sent."""
        return [part for part in self.parts.parts if not self.parts.is_superseded(part)]

    def _known(self) -> list[PartJob]:
        """The parts in the org; asked for if this attempt does not know their state."""
        unknown = [part for part in self.parts.in_org if not part.is_refreshed]
        self._each(unknown, self.requests.refresh)
        return self.parts.in_org

    def _due(self) -> Iterable[PartJob]:
        """The parts that are to be uploaded; those that are still to be read as they are asked."""
        due = [part for part in self._unsent() if not part.uploaded]
        coming = self.parts.pending
        return due if coming is None else chain(due, coming.take_all(self.context))

    def _create(self, part: PartJob) -> None:
        self.requests.create(part, self._spec(part))

    def _upload(self, part: PartJob) -> None:
        if part.data is None and self.parts.settings.streamed:
            raise rows_are_gone(self.parts, part, self.context)
        if part.data is None:
            raise StepError(
                f"there are no rows for job {self.job.name}", help='add a line `from "FILE"` to it'
            )
        part.check_rows()
        self.requests.upload(part, partial(self._spec, part))
        if part.window is not None:
            part.data = None
            part.window.release()

    def _upload_and_close(self, part: PartJob) -> None:
        if not part.uploaded:
            self._upload(part)
        self._close(part)

    def _close(self, part: PartJob) -> None:
        """Close a part's job; one that got two uploads is replaced first."""
        try:
            self.requests.close(part)
        except TwoUploadsError as error:
            if part.data is None:
                raise
            self.requests.warn(error.message, error.help or "")
            self._upload(part)
            self.requests.close(part)

    def _abort(self, part: PartJob) -> None:
        """Abort a part's job; one that is gone needs none."""
        with suppress(GoneError):
            self.requests.abort(part)

    def _spec(self, part: PartJob) -> JobSpec:
        # Its form is told to the org, and is that of the file.
        part.check_rows()
        settings = self.parts.settings
        if settings.operation is None or settings.object is None or part.data is None:
            if settings.streamed and part.data is None:
                raise rows_are_gone(self.parts, part, self.context)
            raise StepError(
                f"job {self.job.name} does not say what to create",
                help='give it an operation and rows: `insert Account` and `from "accounts.csv"`',
            )
        return JobSpec(
            settings.object,
            settings.operation,
            settings.external_id_field,
            part.dialect.column_delimiter,
            part.dialect.line_ending,
            settings.assignment_rule,
        )

    def _note_emptiness(self) -> None:
        if not self.parts.parts:
            self.context.emit(Notice("there are no rows to load", job=self.job.key))

    def _each(
        self,
        parts: Iterable[PartJob],
        act: Callable[[PartJob], None],
        *,
        whatever_fails: bool = False,
    ) -> None:
        """Act on parts side by side; ends when all are done, or at the first failure.

        After a failure nothing new begins, unless all are to be tried whatever fails; what is under
        way comes to its end. The first failure is raised, and tells of the others.
        """
        try:
            Lanes.of(self.context).each(
                parts,
                act,
                width=self.parts.settings.connections,
                checkpoint=self.context.checkpoint,
                whatever_fails=whatever_fails,
            )
        finally:
            self._take_stock()

    def _take_stock(self) -> None:
        """Say how far the job is, whatever has happened to it."""
        if self.job.phase is Phase.DECLARED and self.parts.in_org:
            self.job.phase = Phase.OPEN
        self.parts.recount()
        self.parts.report_progress(self.context, now=True)
