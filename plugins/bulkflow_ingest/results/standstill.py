"""Waits until jobs that did not complete come to rest.

Batches of a job run in parallel. A batch that is being processed when the job becomes Failed or
Aborted may commit its rows later, so counters and result files are not final before the job is at
rest.
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
    from bulkflow_ingest.parts.job_parts import JobParts
    from bulkflow_ingest.parts.part_job import PartJob
    from bulkflow_jobs.job_info import JobInfo

QUIET: Final = 30.0
"""Seconds without a change after which a job that has ended is at rest."""
QUIET_SHARE: Final = 1 / 30
"""The maximum of this, as a share of the patience."""


@frozen
class Look:
    """The properties of a job that are compared between two status requests.

    Attributes:
        state: Its state.
        processed: Rows that were processed, including failed ones.
        failed: Failed rows.
        modified: When it was changed last (`systemModstamp`), as Salesforce writes it.
    """

    state: str
    processed: int
    failed: int
    modified: str | None

    @classmethod
    def of(cls, info: JobInfo) -> Look:
        """Take these properties from a job's properties."""
        return cls(
            str(info.state),
            info.number_records_processed or 0,
            info.number_records_failed or 0,
            info.system_modstamp,
        )

    def age(self, now: float | None) -> float:
        """Return the seconds since the last change by the org's clock; 0 if that is not known."""
        if now is None or self.modified is None:
            return 0.0
        try:
            changed = datetime.strptime(self.modified, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()
        except ValueError:
            return 0.0
        return now - changed


@frozen
class Stood:
    """The result of waiting.

    Attributes:
        looks: The last properties of each part that exists, without outdated ones.
        moving: Parts that still changed when the patience ended.
        gone: Parts whose jobs are no longer in the org.
    """

    looks: Mapping[PartJob, Look]
    moving: Sequence[PartJob]
    gone: Sequence[PartJob]


def compute_quiet_time(patience: float) -> float:
    """Return for how many seconds a job must not change to be at rest."""
    return min(QUIET, patience * QUIET_SHARE)


@frozen
class Standstill:
    """Reads the status of ended jobs until it has not changed for long enough."""

    api: IngestApi
    context: Context
    parts: JobParts
    patience: float

    def wait(self, ended: Sequence[PartJob]) -> Stood:
        """Wait until parts are at rest.

        A job whose last change is long ago by the org's clock is read once. Outdated responses,
        from before its end, are ignored.

        Raises:
            OrgError: The status of a job cannot be read, though the job is not gone.
            RunInterruptedError: The run has to stop.
        """
        quiet = compute_quiet_time(self.patience)
        clock = self.context.clock
        began = clock.monotonic()
        still: dict[PartJob, Look] = {}
        # The first of several equal responses, and its time.
        since: dict[PartJob, tuple[Look, float]] = {}
        gone: list[PartJob] = []
        moving = list(ended)
        while moving:
            seen, absent = self._look(moving)
            gone += absent
            for part, (look, age) in seen.items():
                if look.state not in FINAL_STATES:
                    # The response is outdated: the job has ended.
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
            # A minimum, so that this loop does not spin within a tick of the clock.
            self.context.sleep(min(left, max(due - now, 0.01)))
        return Stood({part: look for part, (look, _) in since.items()} | still, moving, gone)

    def _look(
        self, parts: Sequence[PartJob]
    ) -> tuple[dict[PartJob, tuple[Look, float]], list[PartJob]]:
        """Read the status of parts, with the seconds since the last change, and find gone parts."""
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
                f"{which} ended a moment ago, and may still commit rows: checking again in "
                f"{quiet:.3g} s, for up to {self.patience:.0f} s",
                job=self.parts.job.key,
            )
        )
