"""The parts of a logical job while it runs, and their totals."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, cast

from attrs import define, field

from bulkflow.errors import StepError
from bulkflow.model.event import Progress
from bulkflow.model.job_phase import Phase
from bulkflow.model.part import Counts
from bulkflow_ingest.parts.totals import PartTotals
from bulkflow_jobs.job_state import FINAL_STATES, JobState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from bulkflow.plugin import Context, Job
    from bulkflow_ingest.parts.part_job import PartJob
    from bulkflow_ingest.parts.pending import PendingParts
    from bulkflow_ingest.settings import IngestSettings

STATE = "bulkflow_ingest"

PROGRESS_INTERVAL = 0.2
"""The minimum seconds between two progress events of a job."""


@define(eq=False, repr=False)
class JobParts:
    """All parts of a logical job."""

    job: Job
    settings: IngestSettings
    parts: list[PartJob]
    """In the order of their numbers."""
    columns: tuple[str, ...]
    source_counts: Counts | None = None
    """The counts of the source's rows, if some of them were resent."""
    pending: PendingParts | None = None
    """The parts that become known while the source is read."""
    is_restored: bool = False
    """Whether the parts are from an earlier attempt, and the org was not asked since."""
    needs_ledger_check: bool = False
    """Whether the ledger must be checked before more rows are sent."""
    generation: int = 0
    """How often rows were resent."""
    _totals: PartTotals = field(factory=PartTotals, init=False, repr=False)
    _reported_at: float = field(default=float("-inf"), init=False)
    _report_lock: Lock = field(factory=Lock, init=False, repr=False)

    @classmethod
    def attach(
        cls,
        job: Job,
        settings: IngestSettings,
        parts: list[PartJob],
        columns: tuple[str, ...] = (),
    ) -> JobParts:
        """Make the parts of a job, and keep them in the job's state."""
        made = cls(job, settings, [], columns)
        made.add(parts)
        # Set before the first request, because a run may be stopped during it.
        job.find_left = made.find_left
        job.state[STATE] = made
        return made

    @classmethod
    def of(cls, job: Job) -> JobParts:
        """Return the parts of a prepared job."""
        if STATE not in job.state:
            raise StepError(
                f"job {job.name} is not a Bulk API job",
                help='give it an operation and rows: `insert Account` and `from "accounts.csv"`',
            )
        return cast("JobParts", job.state[STATE])

    @property
    def in_org(self) -> list[PartJob]:
        """The parts that have a job in the org."""
        return [part for part in self.parts if part.in_org]

    @property
    def has_resent_rows(self) -> bool:
        """Whether some rows were sent again."""
        return self.generation > 0

    def find_left(self) -> list[str]:
        """Return the unfinished jobs in the org."""
        # The list is copied because other threads may add parts.
        return [left for part in list(self.parts) if (left := part.left) is not None]

    def is_superseded(self, part: PartJob) -> bool:
        """Return whether the rows of a part that were not loaded were resent in other parts.

        A superseded part is not sent again, and it does not matter if it is incomplete.
        """
        return part.generation < self.generation

    @property
    def phase(self) -> Phase:
        """The phase of the job: that of its least advanced part."""
        parts = [part for part in self.parts if not self.is_superseded(part)]
        states = {part.state for part in parts}
        if states == {JobState.ABORTED}:
            return Phase.ABORTED
        if states <= FINAL_STATES:
            return Phase.FINISHED
        if not any(part.is_sendable for part in parts):
            return Phase.CLOSED
        if self.pending is None and all(part.uploaded for part in parts):
            return Phase.UPLOADED
        return Phase.OPEN if states != {None} else Phase.DECLARED

    def add(self, parts: Iterable[PartJob]) -> None:
        """Add parts."""
        for part in parts:
            self.parts.append(part)
            self.generation = max(self.generation, part.generation)
            self._totals.update(part)

    def remove(self, parts: Collection[PartJob]) -> None:
        """Remove parts that were just added."""
        self.parts[:] = [part for part in self.parts if part not in parts]
        self.generation = max((part.generation for part in self.parts), default=0)
        self.recount()

    def recount(self) -> None:
        """Update the job's counts from all parts."""
        self._totals = PartTotals.of(self.parts)
        self._publish()

    def update(self, part: PartJob) -> None:
        """Update the job's counts after a change of one part, without looking at the others."""
        self._totals.update(part)
        self._publish()

    def _publish(self) -> None:
        self.job.counts = self.source_counts or self._preliminary_counts

    @property
    def _preliminary_counts(self) -> Counts:
        """The counts of the source's rows before the results of all parts were read."""
        counts = self._totals.counts
        if not self._totals.sums.resent:
            return counts
        # A row that one part did not load may be loaded by the part that resends it.
        open_ = counts.failed + counts.unprocessed + counts.unknown
        return Counts(counts.rows, counts.loaded, withheld=counts.withheld, unknown=open_)

    def report_progress(
        self, context: Context, part: PartJob | None = None, *, now: bool = False
    ) -> None:
        """Emit the progress of the job, unless it was emitted a moment ago.

        Args:
            context: Emits the event.
            part: A part that has changed.
            now: Whether to emit it in any case.
        """
        with self._report_lock:
            at = context.clock.monotonic()
            if not now and at - self._reported_at < PROGRESS_INTERVAL:
                return
            self._reported_at = at
        if part is not None:
            self._totals.update(part)
        sums = self._totals.sums
        has_data = bool(self.parts) and self.parts[0].part is not None
        whole = has_data and self.pending is None
        counts = self.source_counts or self._totals.counts
        if self.has_resent_rows and self.source_counts is None:
            # Rows that a part did not load may have been loaded by another one.
            counts = Counts(counts.rows)
        context.emit(
            Progress(
                job=self.job.key,
                at=context.clock.time(),
                parts=sums.parts,
                parts_done=sums.final,
                bytes_sent=sums.sent,
                bytes_total=sums.bytes if whole else None,
                rows_processed=sums.processed,
                rows_failed=sums.failed,
                rows_total=sums.rows if whole else None,
                states=self._totals.count_states(),
                rows_unprocessed=counts.unprocessed,
                rows_withheld=counts.withheld,
                rows_unknown=counts.unknown,
            )
        )
