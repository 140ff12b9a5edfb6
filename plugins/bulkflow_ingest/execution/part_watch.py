"""Waits for the parts of a job; refuses to wait for parts that were never closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from bulkflow.errors import StepError
from bulkflow_jobs.job_state import JobState
from bulkflow_jobs.patience import get_patience
from bulkflow_jobs.watch import Watch

if TYPE_CHECKING:
    from bulkflow.plugin import Context
    from bulkflow_ingest.parts.job_parts import JobParts
    from bulkflow_ingest.parts.part_job import PartJob
    from bulkflow_jobs.poll_schedule import PollSchedule


def watch_parts(
    schedule: PollSchedule, context: Context, parts: JobParts, interval: float | None = None
) -> Watch[PartJob]:
    """Make the watch of a step that waits for parts.

    Args:
        schedule: The schedule of the run.
        context: The step's context.
        parts: The job whose parts they are.
        interval: Seconds between two polls of a part; None for pauses that grow.
    """
    return Watch(schedule, context, parts.job, interval, _OpenJobCheck(context, parts).check)


@define(eq=False, repr=False)
class _OpenJobCheck:
    """Refuses to wait for a job that is open, as Salesforce does not process it."""

    _context: Context
    _parts: JobParts
    _open_since: dict[PartJob, float] = field(factory=dict, init=False)
    """Since when the org has reported a closed job as Open, without a break."""

    def check(self, part: PartJob) -> None:
        """Check an unfinished part after a poll.

        Raises:
            StepError: It was never closed, or the org has reported it as Open for longer than a
                status can be out of date.
        """
        if not part.handed_over:
            raise StepError(
                "Salesforce does not process a job before it is closed",
                help=f"close it first: `close job {self._parts.job.name}`",
                notes=[f"job {part.id} is {part.state}"],
            )
        if part.last_state != JobState.OPEN:
            self._open_since.pop(part, None)
            return
        now = self._context.clock.monotonic()
        spent = now - self._open_since.setdefault(part, now)
        if spent < get_patience(self._context, self._parts.settings.patience):
            return
        resume, abort = (
            self._context.format_command("resume"),
            self._context.format_command("abort"),
        )
        raise StepError(
            f"job {part.id} was closed, but the org has reported it as Open for {spent:.0f} s",
            help="its rows may still be loaded, so they are not sent again; look at the job in the "
            f"org; `{resume}` waits for it, `{abort}` aborts it",
        )
