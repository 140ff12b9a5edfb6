"""The questions that `when` may ask of a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.plugin import Condition, condition
from bulkflow_ingest.steps import selected

if TYPE_CHECKING:
    from bulkflow.plugin import Context, Job
    from bulkflow_ingest.types import Limit


@condition("any {selection:rows} rows [of {job}]", judges="selection")
def any_rows(context: Context, job: Job, selection: str) -> bool:
    """Whether any row of the job ended in this way."""
    return selected(job.counts, selection) > 0


@condition("over {limit} {selection:rows} rows [of {job}]", judges="selection")
def over(context: Context, job: Job, selection: str, limit: Limit) -> bool:
    """Whether more rows of the job than this, or a greater share, ended in this way."""
    rows = selected(job.counts, selection)
    if limit.rows is not None:
        return rows > limit.rows
    assert limit.percent is not None
    return rows * 100 > limit.percent * job.counts.rows


CONDITIONS: tuple[Condition, ...] = (any_rows, over)
