"""The conditions on a job's rows, for `when`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.plugin import Condition, condition
from bulkflow_ingest.settings import LOAD
from bulkflow_ingest.types import count_selected

if TYPE_CHECKING:
    from bulkflow.plugin import Context, Job
from bulkflow_ingest.types import Limit


@condition("any {selection:rows} rows [of {job}]", judges="selection", kind=LOAD)
def any_rows(context: Context, job: Job, selection: str) -> bool:
    """Check whether any row of the job had this outcome."""
    return count_selected(job.counts, selection) > 0


@condition("over {limit} {selection:rows} rows [of {job}]", judges="selection", kind=LOAD)
def over(context: Context, job: Job, selection: str, limit: Limit) -> bool:
    """Check whether more rows of the job than this number or percentage had this outcome."""
    return limit.is_exceeded(count_selected(job.counts, selection), job.counts.rows)


CONDITIONS: tuple[Condition, ...] = (any_rows, over)
