"""The steps of a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.errors import StepError
from bulkflow.model.job_phase import Phase
from bulkflow.model.run_mode import RunMode
from bulkflow.plugin import Step, step
from bulkflow_ingest.settings import LOAD
from bulkflow_ingest.types import count_selected

if TYPE_CHECKING:
    from pathlib import Path

    from bulkflow.model.part import Manifest
    from bulkflow.plugin import Context, Job
    from bulkflow_ingest.execution.job_runner import JobRunner
    from bulkflow_ingest.types import Limit

_ENDED = (Phase.FINISHED, Phase.ABORTED)


def _connect(context: Context, job: Job) -> JobRunner:
    # Imported here because checking a file does not need it.
    from bulkflow_ingest.execution.job_runner import JobRunner

    return JobRunner.connect(context, job)


def _emit(context: Context, job: Job, message: str, *, warning: bool = False) -> None:
    from bulkflow.model.event import Notice, NoticeLevel

    level = NoticeLevel.WARNING if warning else NoticeLevel.INFO
    context.emit(Notice(message, level, job=job.key))


def _count_per_part(requests: int) -> RequestCounter:
    return lambda manifest: requests * len(manifest.parts)


@step(
    "create [{job}]",
    accepts=[Phase.DECLARED],
    leaves=Phase.OPEN,
    requests=_count_per_part(1),
    kind=LOAD,
)
def create(context: Context, job: Job) -> None:
    """Create the job in the org, one for each part. `upload` does this if no step has done it."""
    _connect(context, job).create()


@step(
    "upload [{job}]",
    accepts=[Phase.DECLARED, Phase.OPEN],
    leaves=Phase.UPLOADED,
    requests=_count_per_part(2),
    kind=LOAD,
)
def upload(context: Context, job: Job) -> None:
    """Upload the rows, part by part. Salesforce does not process them before the job is closed."""
    _connect(context, job).upload()


@step(
    "close [{job}]",
    "complete upload [of {job}]",
    accepts=[Phase.UPLOADED, Phase.OPEN],
    leaves=Phase.CLOSED,
    requests=_count_per_part(1),
    kind=LOAD,
)
def close(context: Context, job: Job) -> None:
    """Close the job: its upload is complete, and Salesforce starts to process the rows."""
    _connect(context, job).close()


@step(
    "abort [{job}]",
    accepts=[Phase.DECLARED, Phase.OPEN, Phase.UPLOADED, Phase.CLOSED],
    leaves=Phase.ABORTED,
    requests=_count_per_part(1),
    command=RunMode.ABORT,
    kind=LOAD,
)
def abort(context: Context, job: Job) -> None:
    """Abort the job. Rows that were processed before stay in the org."""
    _connect(context, job).abort()


@step(
    "wait [for {job}] [up to {timeout:duration}] [every {interval:duration}]",
    accepts=[Phase.CLOSED],
    leaves=Phase.FINISHED,
    requests=_count_per_part(1),
    kind=LOAD,
)
def wait(
    context: Context, job: Job, timeout: float | None = None, interval: float | None = None
) -> None:
    """Wait until Salesforce has processed the job.

    Polls often at first and less often as the job gets older, unless `every` sets the interval.
    When the time of `up to` is over, the step fails, but the job continues in the org.
    """
    from bulkflow_ingest.execution.top_error import report_top_error

    runner = _connect(context, job)
    runner.wait(timeout, interval)
    report_top_error(runner)


@step(
    "load [{job}]",
    accepts=[Phase.DECLARED, Phase.OPEN],
    leaves=Phase.FINISHED,
    requests=_count_per_part(4),
    kind=LOAD,
)
def load(context: Context, job: Job) -> None:
    """Upload, close and wait: each part is closed as soon as it is uploaded."""
    from bulkflow_ingest.execution.top_error import report_top_error

    runner = _connect(context, job)
    runner.load()
    report_top_error(runner)


@step("show [{job}]", requests=_count_per_part(1), kind=LOAD)
def show(context: Context, job: Job) -> None:
    """Show the job's properties as Salesforce returns them."""
    from bulkflow.model.event import Shown

    runner = _connect(context, job)
    for part in runner.parts.in_org:
        assert part.id is not None
        info = runner.requests.api.info(part.id)
        context.emit(Shown(f"job {job.name}, part {part.number + 1}", info.properties, job.key))
    if not runner.parts.in_org:
        _emit(context, job, f"job {job.name} is not in the org yet")


@step(
    "delete [{job}]", accepts=_ENDED, leaves=Phase.DELETED, requests=_count_per_part(1), kind=LOAD
)
def delete(context: Context, job: Job) -> None:
    """Delete a finished job and its results from the org. The records stay."""
    _connect(context, job).delete()


@step(
    "require {selection:rows} rows [of {job}] under {limit}",
    accepts=_ENDED,
    judges="selection",
    rows_advice="to accept some {rows} rows, write for example "
    "`require {rows} rows of job {job} under 1%`",
    kind=LOAD,
)
def require(context: Context, job: Job, selection: str, limit: Limit) -> None:
    """Fail unless fewer rows than this number or percentage had this outcome."""
    counts = job.counts
    found = count_selected(counts, selection)
    if limit.is_reached(found, counts.rows):
        share = f", {found / counts.rows:.2%}" if counts.rows else ""
        raise StepError(
            f"{found:,} of {counts.rows:,} rows of job {job.name} are {selection}{share}: "
            f"not under {limit}",
            help=f'`save {selection} rows of job {job.name} to "{selection}.csv"` writes them with '
            "the outcome of each",
        )


@step(
    "retry {selection:rows} rows [of {job}] [up to {n:number} times] [matching {pattern:text}]",
    accepts=_ENDED,
    leaves=Phase.FINISHED,
    requests=_count_per_part(2),
    resends="selection",
    command=RunMode.RETRY,
    kind=LOAD,
)
def retry_rows(
    context: Context, job: Job, selection: str, n: int = 1, pattern: str | None = None
) -> None:
    """Send rows again that are not loaded, if that may help.

    `failed` sends rows with a temporary error (locks, timeouts, trouble of the server) and rows
    that were never processed; `unprocessed` sends only the latter; `all` sends both, whatever the
    error. Rows that may be loaded (`unknown`) are never sent again. `matching` sends the rows whose
    error matches a regular expression. The rows become further jobs in the org, with growing pauses
    between the attempts; counts and results stay those of the whole job.
    """
    if selection in {"successful", "withheld", "unknown"}:
        what = "may be loaded" if selection == "unknown" else f"are {selection}"
        raise StepError(
            f"rows that {what} are not sent again",
            help=f"write `retry failed rows of job {job.name}`",
        )
    from bulkflow_ingest.execution.retry import RowRetry

    RowRetry(_connect(context, job), selection, n, pattern).run()


@step(
    "undo [{job}]",
    accepts=_ENDED,
    requests=_count_per_part(5),
    command=RunMode.UNDO,
    kind=LOAD,
)
def undo(context: Context, job: Job) -> None:
    """Delete the records that the job's rows created, by the ids that Salesforce returned.

    Updated records keep their new values and deleted records stay deleted, because their previous
    values are not known. Changes that triggers and other programs made stay as well.
    """
    from bulkflow_ingest.execution.undo import undo_inserts

    runner = _connect(context, job)
    undo_inserts(runner)
    runner.requests.ledger.record_undo(runner.parts)


@step(
    "save results [of {job}] to {path:folder}",
    accepts=_ENDED,
    requests=_count_per_part(3),
    kind=LOAD,
)
def save_results(context: Context, job: Job, path: Path) -> None:
    """Save the three result files of every part to a folder, as Salesforce writes them."""
    from bulkflow_ingest.api.result_kind import ResultKind

    runner = _connect(context, job)
    if _has_results(context, runner):
        saved = runner.results.save_files(path)
        job.saved.append(str(path))
        _emit(context, job, f"saved {len(saved)} result files to {path}")
        runner.results.refuse_lost(*ResultKind)
        runner.results.trusted.refuse_doubted()


@step(
    "save {selection:rows} rows [of {job}] to {path}",
    accepts=_ENDED,
    requests=_count_per_part(1),
    saves="selection",
    command=RunMode.SAVE,
    rows_advice='`save {rows} rows of job {job} to "{rows}.csv"` writes them',
    kind=LOAD,
)
def save_rows(context: Context, job: Job, selection: str, path: Path) -> None:
    """Save source rows with the outcome of each.

    The columns are those of the source, then `_file`, `_line`, `_outcome`, and, if they apply,
    `_id`, `_created`, `_error` and `_ambiguous`. The rows keep the order of the source. A file
    whose name ends in .gz is compressed with gzip.
    """
    runner = _connect(context, job)
    if _has_results(context, runner):
        saved = runner.results.save_rows(selection, path)
        if saved:
            job.saved.append(str(path))
        rows = "row" if saved == 1 else "rows"
        what = f"all {saved:,}" if selection == "all" else f"{saved:,} {selection}"
        _emit(context, job, f"saved {what} {rows} to {path}")
        # Only now: the known rows are saved even if others are doubted.
        runner.results.trusted.refuse_doubted()
    else:
        # Rows of an earlier run must not be taken for those of this one.
        runner.results.save_nothing(selection, path)


def _has_results(context: Context, runner: JobRunner) -> bool:
    """Return whether there is anything to save; if not, say so.

    A job without results is not an error: in an `always` block it may be in any phase.
    """
    running = [part for part in runner.parts.in_org if not part.is_final]
    if running and context.failure is None:
        message = f"nothing of job {runner.job.name} is saved: it is not finished"
        _emit(context, runner.job, message, warning=True)
        return False
    if any(part.in_org or part.handed_over for part in runner.parts.parts):
        return True
    _emit(context, runner.job, f"job {runner.job.name} has no results to save")
    return False


if TYPE_CHECKING:
    from collections.abc import Callable

    RequestCounter = Callable[[Manifest], int]

STEPS: tuple[Step, ...] = (
    create,
    upload,
    close,
    abort,
    wait,
    load,
    show,
    delete,
    require,
    save_results,
    save_rows,
    retry_rows,
    undo,
)
