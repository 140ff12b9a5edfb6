"""The parts of a logical job while it runs, and what they come to together."""

from __future__ import annotations

from collections.abc import Collection
from threading import Lock
from typing import TYPE_CHECKING, cast

from attrs import define, field, frozen

from bulkflow.errors import StepError
from bulkflow.model.event import Progress
from bulkflow.model.job_phase import Phase
from bulkflow.model.part import Counts
from bulkflow_ingest.api.job_info import FINAL, JobState
from bulkflow_ingest.parts.totals import PartTotals

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bulkflow.plugin import Context, Job
    from bulkflow_ingest.parts.part_job import PartJob
    from bulkflow_ingest.parts.stream import PendingParts
    from bulkflow_ingest.settings import IngestSettings

STATE = "bulkflow_ingest"

PROGRESS_INTERVAL = 0.2
"""Seconds between two progress events of one job, at the least."""


@define(eq=False, repr=False)
class JobParts:
    """All parts of a logical job."""

    job: Job
    settings: IngestSettings
    parts: list[PartJob]
    columns: tuple[str, ...]
    source_counts: Counts | None = None
    """The counts of the source's rows, where some of them were sent again."""
    pending: PendingParts | None = None
    """The parts that are known only when the source is read further."""
    is_restored: bool = False
    """Whether an earlier attempt worked on it, and the org was not asked since."""
    needs_ledger_check: bool = False
    """Whether the ledger is to be asked before anything more of it is sent."""
    generation: int = 0
    """How often rows of it were sent again."""
    _tally: PartTotals = field(factory=PartTotals, init=False, repr=False)
    _followed: Job | None = field(default=None, init=False, repr=False)
    _told: float = field(default=float("-inf"), init=False)
    _telling: Lock = field(factory=Lock, init=False, repr=False)

    @classmethod
    def attach(
        cls,
        job: Job,
        settings: IngestSettings,
        parts: list[PartJob],
        columns: tuple[str, ...] = (),
    ) -> JobParts:
        """Make a job's parts, and keep them with the job."""
        made = cls(job, settings, [], columns)
        made.add(parts)
        # From before the first request, for a run may be stopped in the midst of it.
        job.left = made._tally.left
        job.state[STATE] = made
        return made

    @classmethod
    def of(cls, job: Job) -> JobParts:
        """The parts of a job that was prepared."""
        if STATE not in job.state:
            raise StepError(
                f"job {job.name} is none that the Bulk API knows",
                help='give it an operation and rows: `insert Account` and `from "accounts.csv"`',
            )
        return cast("JobParts", job.state[STATE])

    @property
    def in_org(self) -> list[PartJob]:
        """The parts that have a job in the org."""
        return [part for part in self.parts if part.in_org]

    @property
    def has_resent_rows(self) -> bool:
        """Whether rows of it were sent again."""
        return self.generation > 0

    def is_superseded(self, part: PartJob) -> bool:
        """Whether rows of a part that are not loaded were sent again since, in other parts.

        Such a part is never sent itself, and that it did not complete matters no more.
        """
        return part.generation < self.generation

    @property
    def phase(self) -> Phase:
        """The phase that the parts' states come to: that of the part that is furthest behind."""
        parts = [part for part in self.parts if not self.is_superseded(part)]
        states = {part.state for part in parts}
        if states == {JobState.ABORTED}:
            return Phase.ABORTED
        if states <= FINAL:
            return Phase.FINISHED
        if not any(part.is_sendable for part in parts):
            return Phase.CLOSED
        if self.pending is None and all(part.uploaded for part in parts):
            return Phase.UPLOADED
        return Phase.OPEN if states != {None} else Phase.DECLARED

    def add(self, parts: Iterable[PartJob]) -> None:
        """Make more parts its own."""
        for part in parts:
            self.parts.append(part)
            self.generation = max(self.generation, part.generation)
            self._tally.update(part)

    def remove(self, parts: Collection[PartJob]) -> None:
        """Take parts out again that were just added."""
        self.parts[:] = [part for part in self.parts if part not in parts]
        self.generation = max((part.generation for part in self.parts), default=0)
        self.recount()

    def recount(self) -> None:
        """Bring the job's counts, and what is left of it in the org, up to date, for all parts."""
        self._tally = PartTotals.of(self.parts)
        self._publish()

    def update(self, part: PartJob) -> None:
        """Bring the same up to date after a change of one part; the others cost nothing."""
        self._tally.update(part)
        self._publish()

    def follow(self, other: Job) -> None:
        """Let what is left of another job be what is left of this one, which is at its end."""
        self._followed = other
        self._publish()

    def _publish(self) -> None:
        self.job.counts = self.source_counts or self._unsettled
        self.job.left = self._tally.left if self._followed is None else _LeftOf(self._followed)

    @property
    def _unsettled(self) -> Counts:
        """The counts of the source's rows while nobody has read the results of all its parts."""
        counts = self._tally.counts
        if not self._tally.sums.sent_again:
            return counts
        # A row that one part did not load may be loaded by the part that sent it again.
        open_ = counts.failed + counts.unprocessed + counts.unknown
        return Counts(counts.rows, counts.loaded, withheld=counts.withheld, unknown=open_)

    def report_progress(
        self, context: Context, part: PartJob | None = None, *, now: bool = False
    ) -> None:
        """Emit how far the job is, unless it was told a moment ago; `part` has gone on since."""
        with self._telling:
            at = context.clock.monotonic()
            if not now and at - self._told < PROGRESS_INTERVAL:
                return
            self._told = at
        if part is not None:
            self._tally.update(part)
        sums = self._tally.sums
        has_data = bool(self.parts) and self.parts[0].part is not None
        whole = has_data and self.pending is None
        counts = self.source_counts or self._tally.counts
        if self.has_resent_rows and self.source_counts is None:
            # Rows that parts have left may be loaded by others since.
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
                states=self._tally.states(),
                rows_unprocessed=counts.unprocessed,
                rows_withheld=counts.withheld,
                rows_unknown=counts.unknown,
            )
        )


@frozen(eq=False)
class _LeftOf(Collection[str]):
    """What is left of a job in the org, whenever somebody looks."""

    _job: Job

    def __len__(self) -> int:
        return len(self._job.left)

    def __iter__(self) -> Iterator[str]:
        return iter(self._job.left)

    def __contains__(self, item: object) -> bool:
        return item in self._job.left
