"""The steps of a query job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.model.job_phase import Phase
from bulkflow.model.run_mode import RunMode
from bulkflow.plugin import Step, step
from bulkflow_query.settings import QUERY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bulkflow.model.part import Manifest
    from bulkflow.plugin import Context, Job
    from bulkflow_query.execution.runner import QueryRunner


def _connect(context: Context, job: Job) -> QueryRunner:
    # Imported here because checking a file does not need it.
    from bulkflow_query.execution.runner import QueryRunner

    return QueryRunner.connect(context, job)


def _count(requests: int) -> Callable[[Manifest], int]:
    return lambda _: requests


@step(
    "create [{job}]",
    accepts=[Phase.DECLARED],
    leaves=Phase.CLOSED,
    requests=_count(1),
    kind=QUERY,
    only_reads=True,
)
def create(context: Context, job: Job) -> None:
    """Create the query job in the org, which starts to process it. `extract` does this, too."""
    _connect(context, job).create()


@step(
    "wait [for {job}] [up to {timeout:duration}] [every {interval:duration}]",
    accepts=[Phase.CLOSED],
    leaves=Phase.FINISHED,
    requests=_count(1),
    kind=QUERY,
    only_reads=True,
)
def wait(
    context: Context, job: Job, timeout: float | None = None, interval: float | None = None
) -> None:
    """Wait until Salesforce has processed the query.

    Polls often at first and less often as the job gets older, unless `every` sets the interval.
    When the time of `up to` is over, the step fails, but the job continues in the org.
    """
    _connect(context, job).wait(timeout, interval)


@step(
    "extract [{job}] [to {path}]",
    accepts=[Phase.DECLARED, Phase.CLOSED, Phase.FINISHED],
    leaves=Phase.FINISHED,
    requests=_count(4),
    kind=QUERY,
    only_reads=True,
    provides_rows=True,
)
def extract(context: Context, job: Job, path: Path | None = None) -> None:
    """Run the query, and fetch its rows: create, wait, and write all pages to one file.

    The name of the file decides its format: `.csv`, `.csv.gz`, `.csv.zst`, `.parquet` or `.jsonl`.
    The file appears when it is complete, and only then replaces one of that name. Without `to`, the
    rows stay in the run's folder, for `from job people` in another job.
    """
    _connect(context, job).extract(path)


@step(
    "abort [{job}]",
    accepts=[Phase.DECLARED, Phase.CLOSED],
    leaves=Phase.ABORTED,
    requests=_count(1),
    command=RunMode.ABORT,
    kind=QUERY,
    only_reads=True,
)
def abort(context: Context, job: Job) -> None:
    """Abort the query job, unless it has finished."""
    _connect(context, job).abort()


@step("show [{job}]", requests=_count(1), kind=QUERY, only_reads=True)
def show(context: Context, job: Job) -> None:
    """Show the query job's properties as Salesforce returns them."""
    _connect(context, job).show()


@step(
    "delete [{job}]",
    accepts=[Phase.FINISHED, Phase.ABORTED],
    leaves=Phase.DELETED,
    requests=_count(1),
    kind=QUERY,
    only_reads=True,
)
def delete(context: Context, job: Job) -> None:
    """Delete the finished query job and its results from the org. Extracted rows stay."""
    _connect(context, job).delete()


@step(
    "save watermark [of {job}] [to {path}]",
    accepts=[Phase.FINISHED, Phase.DELETED],
    kind=QUERY,
    only_reads=True,
)
def save_watermark(context: Context, job: Job, path: Path | None = None) -> None:
    """Save up to when the extract has seen all changes, for `since watermark` in the next run.

    It is the newest `SystemModstamp` of the rows, or the time when the query began if that is
    earlier, minus 15 minutes. Without `to`, the file of the job's `since watermark` is replaced.
    """
    from bulkflow_query.execution.save_watermark import save_watermark as save

    save(context, job, path)


@step(
    "require count of {object} [where {condition:soql_condition}] [in {org}] is {n:number}",
    requests=_count(1),
)
def require_count(
    context: Context,
    object: str,  # noqa: A002 - the slot's name
    n: int,
    condition: str | None = None,
    org: str | None = None,
) -> None:
    """Fail unless the org has this many records of an object, such as after a load."""
    from bulkflow_query.execution.require_count import require_count as require

    require(context, object, condition, n)


STEPS: tuple[Step, ...] = (
    create,
    wait,
    extract,
    abort,
    show,
    delete,
    save_watermark,
    require_count,
)
