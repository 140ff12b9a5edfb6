"""Waits until jobs that did not complete change no more.

Batches of a job run in parallel, and one that is at work when the job becomes Failed or Aborted may
commit its rows after that. What the counters and result files have before they stand still is not
all that was loaded.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow.model.event import Notice
from bulkflow_jobs.job_state import FINAL_STATES
from bulkflow_jobs.worker_pool import WorkerPool
from bulkflow_salesforce import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bulkflow.plugin import Context
    from bulkflow_ingest.api.client import IngestApi
    from bulkflow_ingest.api.job_info import JobInfo
    from bulkflow_ingest.parts.job_parts import JobParts
    from bulkflow_ingest.parts.part_job import PartJob

QUIET: Final = 30.0
"""Seconds without a change after which a job that has ended counts as still."""
QUIET_SHARE: Final = 1 / 30
"""The share of the patience that this is at the most."""


@frozen
class Look:
    """What is compared of a job from look to look.

    Attributes:
        state: Its state.
        processed: Rows that were handled, failed ones included.
        failed: Failed rows.
        modified: When it was changed last (`systemModstamp`), as Salesforce writes it.
    """

    state: str
    processed: int
    failed: int
    modified: str | None

    @classmethod
    def of(cls, info: JobInfo) -> Look:
        """Take what is compared from a job's properties."""
        return cls(
            str(info.state),
            info.number_records_processed or 0,
            info.number_records_failed or 0,
            info.system_modstamp,
        )

    def age(self, now: float | None) -> float:
        """Give the seconds since the last change by the org's own clock; 0 if it does not tell."""
        if now is None or self.modified is None:
            return 0.0
        try:
            changed = datetime.strptime(self.modified, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()
        except ValueError:
            return 0.0
        return now - changed


@frozen
class Stood:
    """What came of the wait.

    Attributes:
        looks: The last look at each part that is there, but for looks that were behind.
        moving: Parts that were still changing when the patience was over.
        gone: Parts whose jobs are not in the org any more.
    """

    looks: Mapping[PartJob, Look]
    moving: Sequence[PartJob]
    gone: Sequence[PartJob]


def quiet_of(patience: float) -> float:
    """For how many seconds a job must not change to stand still, where so long is waited at all."""
    return min(QUIET, patience * QUIET_SHARE)


@frozen
class Standstill:
    """Looks at jobs that have ended until two looks, far enough apart, show the same."""

    api: IngestApi
    context: Context
    parts: JobParts
    patience: float

    def wait(self, ended: Sequence[PartJob]) -> Stood:
        """Wait until parts stand still.

        A job whose last change is long ago by the org's clock needs one look. Looks that show it
        before its end count for nothing.

        Raises:
            OrgError: A job cannot be looked at, though it is not gone.
            RunInterruptedError: The run is to stop.
        """
        quiet = quiet_of(self.patience)
        clock = self.context.clock
        began = clock.monotonic()
        still: dict[PartJob, Look] = {}
        # The first of the looks that show the same, and when that was.
        since: dict[PartJob, tuple[Look, float]] = {}
        gone: list[PartJob] = []
        moving = list(ended)
        while moving:
            seen, absent = self._look(moving)
            gone += absent
            for part, (look, age) in seen.items():
                if look.state not in FINAL_STATES:
                    # It is behind, and so old: the job has ended.
                    continue
                now = clock.monotonic()
                first, at = since.get(part, (None, now))
                if look != first:
                    since[part] = (look, now)
                    at = now
                if age >= quiet or now - at >= quiet:
                    still[part] = look
            moving = [part for part in moving if part not in still and part not in gone]
            left = self.patience - (clock.monotonic() - began)
            if not moving or left <= 0:
                break
            self._say(moving, quiet)
            now = clock.monotonic()
            due = (
                min((at for part, (_, at) in since.items() if part in moving), default=now) + quiet
            )
            # At least a little: what waits for less than a clock's tick must not spin.
            self.context.sleep(min(left, max(due - now, 0.01)))
        return Stood({part: look for part, (look, _) in since.items()} | still, moving, gone)

    def _look(
        self, parts: Sequence[PartJob]
    ) -> tuple[dict[PartJob, tuple[Look, float]], list[PartJob]]:
        """Look at parts: each with the seconds since its last change, and those that are gone."""
        found: dict[PartJob, tuple[Look, float]] = {}
        gone: list[PartJob] = []

        def look(part: PartJob) -> None:
            assert part.id is not None
            try:
                info, now = self.api.get_dated_info(part.id)
            except NotFoundError:
                gone.append(part)
                return
            seen = Look.of(info)
            found[part] = (seen, seen.age(now))

        WorkerPool.of(self.context).run_each(
            parts,
            look,
            width=self.parts.settings.connections,
            checkpoint=self.context.checkpoint,
        )
        return found, gone

    def _say(self, moving: Sequence[PartJob], quiet: float) -> None:
        which = f"job {moving[0].id}" if len(moving) == 1 else f"{len(moving)} jobs"
        self.context.emit(
            Notice(
                f"{which} ended a moment ago, and may still commit rows: looking again in "
                f"{quiet:.3g} s, for up to {self.patience:.0f} s",
                job=self.parts.job.key,
            )
        )
