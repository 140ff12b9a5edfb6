"""What the steps do with a logical job: all its parts, several at a time."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from bulkflow.errors import BulkflowError, RunInterruptedError, StepError
from bulkflow.model.event import Notice, NoticeLevel
from bulkflow.model.part import Counts
from bulkflow.model.phase import Phase
from bulkflow_ingest.api import IngestApi, JobSpec, ResultFile
from bulkflow_ingest.connecting import session_of
from bulkflow_ingest.info import JobState
from bulkflow_ingest.lanes import Lanes
from bulkflow_ingest.parts import JobParts
from bulkflow_ingest.polling import Pace, poll
from bulkflow_ingest.recovery import name_orphans
from bulkflow_ingest.requests import GoneError, Requests
from bulkflow_ingest.results import Results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bulkflow.plugin import Context, Job
    from bulkflow_ingest.parts import PartJob


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
        api = IngestApi(session_of(context))
        work = cls(context, job, parts, Requests(api, context, parts))
        if parts.brought_back:
            work._ask_again()
        return work

    @property
    def results(self) -> Results:
        """The job's result files."""
        return Results(self.requests.api, self.context, self.parts)

    def create(self) -> None:
        """Create a job in the org for every part that has none."""
        self._each([part for part in self._unsent() if part.id is None], self._create)
        self._name_orphans()
        self.job.phase = Phase.OPEN

    def upload(self) -> None:
        """Send every part that is not up yet; creates the jobs that are missing."""
        self._note_emptiness()
        self._known()
        self._each([part for part in self._unsent() if not part.uploaded], self._upload)
        self._name_orphans()
        self.job.phase = Phase.UPLOADED

    def close(self) -> None:
        """Hand every part over that was not yet.

        Raises:
            StepError: some of the rows are not up, or a part was aborted by somebody.
        """
        self._each([part for part in self._unsent() if part.again], self._upload)
        self._name_orphans()
        self._refuse_gaps()
        self._known()
        # Before as well: a job that is committed as a whole is not committed in part.
        self._refuse_given_up()
        self._each(self._known(JobState.OPEN), self.requests.close)
        self._refuse_given_up()
        self.job.phase = Phase.CLOSED

    def _refuse_given_up(self) -> None:
        aborted = [part for part in self.parts.in_org if part.state == JobState.ABORTED]
        if aborted:
            raise StepError(
                f"{len(aborted)} of {len(self.parts.parts)} parts of job {self.job.name} "
                "were aborted, so they cannot be closed",
                help="somebody else works on this job; look at it in the org before you go on",
                notes=[_describe(part) for part in aborted],
            )
        gone = [part for part in self.parts.parts if part.deleted]
        if gone:
            raise StepError(
                f"{len(gone)} of {len(self.parts.parts)} parts of job {self.job.name} are gone "
                "from the org",
                help="somebody has deleted them, or this is another org; look there for what "
                "became of the rows before you go on",
                notes=[_describe(part) for part in gone],
            )

    def abort(self) -> None:
        """Give up every part that is not at an end."""
        self._each(
            [part for part in self._known() if not part.is_final],
            self.requests.abort,
            whatever_fails=True,
        )
        self.job.phase = Phase.ABORTED
        for part in self.parts.parts:
            if part.id is None:
                self.parts.give_up(part)
        self._count()

    def load(self) -> None:
        """Upload and close each part as a stream, and wait for all of them."""
        self._note_emptiness()
        self._known()
        self.load_parts(self.parts.parts)

    def load_parts(self, parts: Sequence[PartJob]) -> None:
        """Upload and close some parts as a stream, and wait for them."""
        waiting = [part for part in parts if not self._handed_over(part)]
        self._each(waiting, self._upload_and_close)
        self._name_orphans()
        self._wait(parts, timeout=None, interval=None)

    def wait(self, timeout: float | None, interval: float | None) -> None:
        """Poll until every part is at an end, and say of those that failed why.

        Raises:
            StepError: a part failed as a whole, was aborted by somebody, or the time is up (which
                is no failure of the job: it goes on in the org).
        """
        self._wait(self.parts.parts, timeout=timeout, interval=interval)

    def _wait(
        self, parts: Sequence[PartJob], *, timeout: float | None, interval: float | None
    ) -> None:
        parts = [part for part in parts if not self._superseded(part)]
        missing = [part for part in parts if part.id is None]
        if missing:
            raise StepError(
                f"{len(missing)} of {len(self.parts.parts)} parts of job {self.job.name} "
                "are not in the org, so there is nothing to wait for",
                help="upload and close the job first",
            )
        poll(
            self.context,
            self.parts,
            self._look,
            parts,
            pace=Pace.of(self.context),
            timeout=timeout,
            interval=interval,
        )
        self._count()
        self.job.phase = Phase.FINISHED
        bad = [part for part in parts if part.state in _BAD or part.deleted]
        if bad:
            total = len(self.parts.parts)
            which = f"{len(bad)} of {total} parts of job" if total > 1 else "job"
            raise StepError(
                f"{which} {self.job.name} did not complete",
                help=_help(bad),
                notes=[_describe(part) for part in bad],
            )

    def delete(self) -> None:
        """Remove every part's job from the org."""
        self._each(self.parts.in_org, self.requests.delete, whatever_fails=True)
        self.parts.count()
        self.job.phase = Phase.DELETED

    def _ask_again(self) -> None:
        """Find out what became of the parts that an earlier attempt worked on."""
        self._name_orphans()
        counted = self.job.counts
        # Steps that were done before have left it in their phase.
        unknown = self.job.phase is Phase.DECLARED
        self._each(self.parts.in_org, self._ask)
        self.parts.brought_back = False
        if unknown:
            self.job.phase = self.parts.phase
        self._count_again(counted)

    def _look(self, parts: Sequence[PartJob]) -> None:
        """Ask how parts are, several at a time."""

        def ask(part: PartJob) -> None:
            # Whoever waits is told of it with the parts that failed.
            with suppress(GoneError):
                self.requests.refresh(part)

        Lanes.of(self.context).each(
            parts, ask, width=self.parts.settings.connections, checkpoint=self.context.checkpoint
        )

    def _ask(self, part: PartJob) -> None:
        """Ask how a part is; one of which nothing was processed, and never will be, is renewed."""
        others = self.parts.settings.existing is not None
        try:
            self.requests.refresh(part)
        except GoneError:
            if others:
                raise
            # Of a job that was not closed nothing was processed. That one which was is gone, is
            # for the steps to say that need it.
            if not part.handed_over and not part.deleting:
                self.parts.renew(part)
        else:
            if part.state == JobState.ABORTED and not part.handed_over and not others:
                self.parts.renew(part)

    def _count_again(self, counted: Counts) -> None:
        """Bring the counts to what they were when the earlier attempt had ended its work."""
        parts = self.parts.parts
        if not all(part.is_final or part.deleted or part.given_up for part in parts):
            return
        self._count()
        if not self.parts.sent_again:
            return
        if any(part.deleted for part in parts):
            self.parts.settled = counted
            self.parts.count()
        else:
            self.settle()

    def settle(self) -> None:
        """Count what became of the source's rows, some of which were sent again."""
        with self.results.fates(ResultFile.SUCCESSFUL, ResultFile.FAILED) as fates:
            total = fates.counts().total
        self.parts.settled = Counts(total.rows, total.loaded, total.failed, total.unprocessed)
        self.parts.count()

    def _name_orphans(self) -> None:
        """Name the jobs in the org that may be ours; that this fails is no reason to stop."""
        try:
            name_orphans(self.requests.api, self.context, self.parts)
        except RunInterruptedError:
            raise
        except BulkflowError as error:
            self.context.emit(
                Notice(
                    f"empty jobs of this run may be left in the org, and cannot be listed: {error}",
                    NoticeLevel.WARNING,
                    job=self.job.key,
                    help="nothing of them is processed; Salesforce removes them after seven days",
                )
            )

    def _superseded(self, part: PartJob) -> bool:
        """Whether its rows are those of other parts by now, where they are not loaded."""
        return part.origin is None and self.parts.sent_again

    def _unsent(self) -> list[PartJob]:
        """The parts that may be sent."""
        return [part for part in self.parts.parts if not self._superseded(part)]

    def _known(self, *states: JobState) -> list[PartJob]:
        """The parts in the org, asked for if their state is not known; in `states`, if given."""
        self._each(
            [part for part in self.parts.in_org if part.state is None], self.requests.refresh
        )
        return [part for part in self.parts.in_org if not states or part.state in states]

    def _refuse_gaps(self) -> None:
        """A job that is closed now would load only some of its rows, and look well."""
        missing = [part for part in self._unsent() if part.data and not part.uploaded]
        if missing:
            raise StepError(
                f"{len(missing)} of {len(self.parts.parts)} parts of job {self.job.name} "
                "are not uploaded, so the job is not closed",
                help=f"upload them first, with `upload job {self.job.name}`, or `abort` the job",
            )

    def _handed_over(self, part: PartJob) -> bool:
        if part.deleted or (self._superseded(part) and part.state != JobState.OPEN):
            return True
        return part.state is not None and part.state != JobState.OPEN and not part.spoilt

    def _create(self, part: PartJob) -> None:
        self.requests.create(part, self._spec(part))

    def _upload(self, part: PartJob) -> None:
        if part.data is None:
            raise StepError(
                f"there are no rows for job {self.job.name}", help='add a line `from "FILE"` to it'
            )
        self.requests.upload(part, partial(self._spec, part))

    def _upload_and_close(self, part: PartJob) -> None:
        if not part.uploaded:
            self._upload(part)
        self.requests.close(part)

    def _spec(self, part: PartJob) -> JobSpec:
        settings = self.parts.settings
        if settings.operation is None or settings.object is None or part.data is None:
            raise StepError(f"job {self.job.name} was not declared with what to create")
        return JobSpec(
            settings.object,
            settings.operation,
            settings.external_id_field,
            part.dialect.column_delimiter,
            part.dialect.line_ending,
            settings.assignment_rule,
        )

    def _count(self) -> None:
        for part in self.parts.parts:
            counted = self._counted(part) if part.state in _BAD else None
            if counted is not None:
                loaded, failed = counted
                rows = part.rows or loaded + failed
                part.counts = evolve(
                    part.counts,
                    rows=rows,
                    loaded=loaded,
                    failed=failed,
                    unprocessed=max(0, rows - loaded - failed),
                )
        self.parts.count()
        self.parts.tell(self.context, now=True)

    def _counted(self, part: PartJob) -> tuple[int, int] | None:
        """The rows loaded and failed of a part that did not complete; None if nobody can tell."""
        try:
            return self.results.counted(part)
        except RunInterruptedError:
            raise
        except BulkflowError as error:
            # That the part failed is what matters, and must not be lost for this.
            self.context.emit(
                Notice(
                    f"the rows of job {part.id} could not be counted: {error}",
                    NoticeLevel.WARNING,
                    job=self.job.key,
                    help="rows that were processed before it ended are loaded; its result files "
                    "in the org tell which",
                )
            )
            return None

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
            if self.job.phase is Phase.DECLARED and self.parts.in_org:
                self.job.phase = Phase.OPEN
            self.parts.count()
            self.parts.tell(self.context, now=True)


_BAD = frozenset({JobState.FAILED, JobState.ABORTED})


def _describe(part: PartJob) -> str:
    reason = part.error_message or "Salesforce gives no reason"
    if part.state == JobState.ABORTED:
        reason = "it was aborted"
    if part.deleted:
        reason = "it is gone from the org; rows that it had processed stay loaded"
    where = f" ({part.part.source} from line {part.part.first_line:,})" if part.part else ""
    return f"part {part.number + 1}{where}, job {part.id}, is {part.state}: {reason}"


def _help(bad: Sequence[PartJob]) -> str | None:
    for part in bad:
        message = part.error_message or ""
        if "Field name not found" in message:
            return (
                "Salesforce names only the first column that it does not know: compare all column "
                "names with the object's API names, and see that this user may edit the fields"
            )
        if "LineEnding is invalid" in message:
            return "the line ending that the job says is not the file's: remove `line ending`"
        if "LockFailure" in message:
            return "other work holds the same records; load again later, sorted by parent id"
    return None
