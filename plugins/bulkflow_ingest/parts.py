"""The parts of a logical job while it runs: which job in the org each has become, and how it is."""

from __future__ import annotations

from collections.abc import Collection
from threading import Lock
from typing import TYPE_CHECKING, cast

from attrs import Factory, define, evolve, field, frozen

from bulkflow.errors import StepError
from bulkflow.model.event import Progress
from bulkflow.model.part import Counts
from bulkflow.model.phase import Phase
from bulkflow_csv import DELIMITERS, Dialect
from bulkflow_ingest.info import FINAL, JobState
from bulkflow_ingest.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from bulkflow.model.part import Part
    from bulkflow.plugin import Context, Job
    from bulkflow_csv import PartRange
    from bulkflow_ingest.fates.inputs import Original
    from bulkflow_ingest.info import JobInfo
    from bulkflow_ingest.rereading import RecordedSource
    from bulkflow_ingest.settings import IngestSettings
    from bulkflow_ingest.streaming import Coming
    from bulkflow_ingest.window import Window

STATE = "bulkflow_ingest"

PROGRESS_INTERVAL = 0.2
"""Seconds between two progress events of one job, at the least."""


@define(eq=False, repr=False)
class PartJob:
    """One part and its job in the org. Only one thread works on a part at a time."""

    part: Part | None
    """None for a job of the org that gets no data from here."""
    data: PartRange | None
    origin: Path | None = field(default=None, kw_only=True)
    """For rows that are sent again: the file that says which rows of the source they are."""
    recorded: RecordedSource | None = field(default=None, kw_only=True, repr=False)
    """Its file, where an earlier attempt has read it: not looked at since."""
    original: Original | None = field(default=None, kw_only=True)
    """The file whose rows its rows are told as, where that is another."""
    dialect: Dialect = Factory(Dialect)
    """How the data, and so the results, are written."""
    window: Window | None = field(default=None, kw_only=True)
    """The stretch of a stream that holds its data until that is up."""
    id: str | None = None
    state: str | None = None
    """The state that was last seen; None before the job was created or asked for."""
    uploaded: bool = False
    """Whether all its data is in the org: a PUT of it was answered with success."""
    spoilt: bool = False
    """Whether an upload into its job was begun and not completed: the job takes no other."""
    handed_over: bool = False
    """Whether it was closed, or may have been, by an earlier attempt at the run."""
    orphaned_at: float | None = None
    """When an earlier attempt began to create a job for it and never heard what became of it."""
    given_up: bool = False
    """Whether none of its rows will be sent."""
    deleted: bool = False
    """Whether its job was in the org, and is no more."""
    last_seen: str | None = None
    """The state that an earlier attempt at the run saw last."""
    deleting: bool = False
    """Whether an earlier attempt asked for its removal, and may have been heard."""
    again: bool = False
    """Whether its data was up before, in a job that is given up or gone: it is due once more."""
    doing: str | None = None
    """The change that was asked for and not answered yet, or whose answer was lost."""
    sent: int = 0
    """Bytes of the body that have left, of the upload that is under way or done."""
    counts: Counts = Factory(Counts)
    error_message: str | None = None

    @property
    def number(self) -> int:
        """The part's number, from 0."""
        return self.part.index if self.part else 0

    @property
    def rows(self) -> int:
        """How many rows it has, as far as that is known."""
        return self.part.rows if self.part else self.counts.rows

    @property
    def is_final(self) -> bool:
        """Whether its job has come to an end."""
        return self.state in FINAL

    @property
    def in_org(self) -> bool:
        """Whether it has a job in the org."""
        return self.id is not None and not self.deleted

    @property
    def is_counted(self) -> bool:
        """Whether its counts say what became of its rows, as far as that is known."""
        return self.state is not None or self.given_up or self.deleted

    @property
    def left(self) -> str | None:
        """Its job in the org if that is not at an end, in the words of messages."""
        # Each is read once: the part may go on meanwhile.
        job, doing, state = self.id, self.doing, self.state or self.last_seen
        asked = "" if doing is None else f"{doing} not answered"
        if job is None:
            return f"a job for part {self.number + 1} ({asked})" if doing == "create" else None
        if self.deleted or state in FINAL:
            return None
        known = ", ".join(each for each in (state, asked) if each)
        return f"{job} ({known})" if known else None

    def check_rows(self) -> None:
        """See that its rows are those of the earlier attempt. Raises `DataError`."""
        if self.recorded is not None:
            self.recorded.check()

    def see(self, info: JobInfo) -> None:
        """Take over what Salesforce says of it.

        Rows are processed, failures included; they tell the loaded ones only of a complete job
        (live test of a client of Salesforce's own, 10,000 rows with 5,000 failures).
        """
        self.state = str(info.state)
        self.doing = None
        self.error_message = info.error_message
        delimiter = DELIMITERS.get(info.column_delimiter or "")
        known = self.data is not None and self.data.header.columns
        if not known and delimiter is not None:
            self.dialect = Dialect(delimiter)
        processed = info.number_records_processed or 0
        failed = info.number_records_failed or 0
        rows = self.part.rows if self.part else processed
        if self.state == JobState.JOB_COMPLETE:
            self.counts = Counts(rows, processed - failed, failed, max(0, rows - processed))
        else:
            self.counts = Counts(rows, 0, failed, 0)
        self._processed = processed

    _processed: int = field(default=0, init=False)

    @property
    def processed(self) -> int:
        """How many rows Salesforce has handled so far."""
        return self._processed


@define(eq=False, repr=False)
class JobParts:
    """All parts of a logical job."""

    job: Job
    settings: IngestSettings
    parts: list[PartJob]
    columns: tuple[str, ...]
    settled: Counts | None = None
    """The counts of the source's rows, where some of them were sent again."""
    coming: Coming | None = None
    """The parts that are known only when the source is read further."""
    brought_back: bool = False
    """Whether an earlier attempt worked on it, and the org was not asked since."""
    sent_again: bool = False
    """Whether rows of it were sent again: no part that they came from is sent after that."""
    _tally: Tally = field(factory=Tally, init=False, repr=False)
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
    def phase(self) -> Phase:
        """The phase that the parts' states come to: that of the part that is furthest behind."""
        states = {part.state for part in self.parts}
        if states == {JobState.ABORTED}:
            return Phase.ABORTED
        if states <= {JobState.JOB_COMPLETE, JobState.FAILED, JobState.ABORTED}:
            return Phase.FINISHED
        if not states & {None, JobState.OPEN}:
            return Phase.CLOSED
        if self.coming is None and all(part.uploaded for part in self.parts):
            return Phase.UPLOADED
        return Phase.OPEN if states != {None} else Phase.DECLARED

    def add(self, parts: Iterable[PartJob]) -> None:
        """Make more parts its own."""
        for part in parts:
            self.parts.append(part)
            self.sent_again = self.sent_again or part.origin is not None
            self._tally.note(part)

    def count(self) -> None:
        """Bring the job's counts, and what is left of it in the org, up to date, for all parts."""
        self._tally = Tally.of(self.parts)
        self._publish()

    def note(self, part: PartJob) -> None:
        """Bring the same up to date after a change of one part; the others cost nothing."""
        self._tally.note(part)
        self._publish()

    def follow(self, other: Job) -> None:
        """Let what is left of another job be what is left of this one, which is at its end."""
        self._followed = other
        self._publish()

    def _publish(self) -> None:
        self.job.counts = self.settled or self._tally.counts
        self.job.left = self._tally.left if self._followed is None else _LeftOf(self._followed)

    def tell(self, context: Context, part: PartJob | None = None, *, now: bool = False) -> None:
        """Emit how far the job is, unless it was told a moment ago; `part` has gone on since."""
        with self._telling:
            at = context.clock.monotonic()
            if not now and at - self._told < PROGRESS_INTERVAL:
                return
            self._told = at
        if part is not None:
            self._tally.note(part)
        sums = self._tally.sums
        has_data = bool(self.parts) and self.parts[0].part is not None
        whole = has_data and self.coming is None
        counts = self.settled or self._tally.counts
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

    def renew(self, part: PartJob) -> None:
        """Let a part become another job: nothing of the one that it had was processed."""
        part.again = part.uploaded
        part.id = part.state = part.last_seen = None
        part.sent = 0
        part.uploaded = part.spoilt = part.deleted = False
        self.give_up(part)

    def give_up(self, part: PartJob) -> None:
        """Rows of a part that will never be tried."""
        part.given_up = True
        part.counts = evolve(part.counts, rows=part.rows, unprocessed=part.rows)


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
