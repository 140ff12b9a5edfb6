"""The step that saves the watermark of an extract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.errors import StepError, UsageError
from bulkflow.model.event import Notice
from bulkflow_query.execution.query_job import LogicalQuery
from bulkflow_query.watermark import (
    compute_watermark,
    format_moment,
    parse_moment,
    read_watermark,
    write_watermark,
)

if TYPE_CHECKING:
    from pathlib import Path

    from bulkflow.plugin import Context, Job


def save_watermark(context: Context, job: Job, path: Path | None) -> None:
    """Save the watermark of a job's extract.

    Raises:
        UsageError: The job has no watermark to start from.
        StepError: It was not extracted, or the org did not say when the query began.
    """
    query = LogicalQuery.of(job)
    since = query.settings.since
    if since is None:
        raise UsageError(
            f"job {job.name} has no watermark",
            help='add a line such as `since watermark "state/people"` to the job',
        )
    kept = query.delivered
    if kept is None:
        raise StepError(
            f"job {job.name} was not extracted", help=f"put `extract job {job.name}` before it"
        )
    began, newest = (parse_moment(str(kept.get(name) or "")) for name in ("began", "newest"))
    if began is None or (newest is None and kept.get("newest")):
        raise StepError(
            f"the org did not say when the query of job {job.name} began, or when its rows changed",
            help="the watermark stays as it is, so the next extract fetches the same rows again",
        )
    mark = compute_watermark(newest, began, read_watermark(since))
    target = since if path is None else path
    write_watermark(target, mark)
    context.emit(Notice(f"the watermark of job {job.name} is {format_moment(mark)}", job=job.key))
