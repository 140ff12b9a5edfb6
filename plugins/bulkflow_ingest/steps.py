"""The steps that work on a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.errors import StepError
from bulkflow.model.job_phase import Phase
from bulkflow.model.run_mode import RunMode
from bulkflow.plugin import Step, step

if TYPE_CHECKING:
    from pathlib import Path

    from bulkflow.model.part import Counts, Manifest
    from bulkflow.plugin import Context, Job
    from bulkflow_ingest.execution.job_runner import JobWork
    from bulkflow_ingest.types import Limit

_ENDED = (Phase.FINISHED, Phase.ABORTED)


def _work(context: Context, job: Job) -> JobWork:
    # Here, so that checking a file does not load what only a run needs.
    from bulkflow_ingest.execution.job_runner import JobWork

    return JobWork.on(context, job)


def _say(context: Context, job: Job, message: str, *, warning: bool = False) -> None:
    from bulkflow.model.event import Notice, NoticeLevel

    level = NoticeLevel.WARNING if warning else NoticeLevel.INFO
    context.emit(Notice(message, level, job=job.key))


def _per_part(requests: int) -> Counter:
    return lambda manifest: requests * len(manifest.parts)


@step("create [{job}]", accepts=[Phase.DECLARED], leaves=Phase.OPEN, requests=_per_part(1))
def create(context: Context, job: Job) -> None:
    """Create the job in the org, one for each part. `upload` does it when nobody has."""
    _work(context, job).create()


@step(
    "upload [{job}]",
    accepts=[Phase.DECLARED, Phase.OPEN],
    leaves=Phase.UPLOADED,
    requests=_per_part(2),
)
def upload(context: Context, job: Job) -> None:
    """Send the rows, part by part. Salesforce does nothing with them before the job is closed."""
    _work(context, job).upload()


@step(
    "close [{job}]",
    "complete upload [of {job}]",
    accepts=[Phase.UPLOADED, Phase.OPEN],
    leaves=Phase.CLOSED,
    requests=_per_part(1),
)
def close(context: Context, job: Job) -> None:
    """Say that the upload is complete: Salesforce begins to process the rows."""
    _work(context, job).close()


@step(
    "abort [{job}]",
    accepts=[Phase.DECLARED, Phase.OPEN, Phase.UPLOADED, Phase.CLOSED],
    leaves=Phase.ABORTED,
    requests=_per_part(1),
    command=RunMode.ABORT,
)
def abort(context: Context, job: Job) -> None:
    """Give the job up. Rows that were processed before stay in the org."""
    _work(context, job).abort()


@step(
    "wait [for {job}] [up to {timeout:duration}] [every {interval:duration}]",
    accepts=[Phase.CLOSED],
    leaves=Phase.FINISHED,
    requests=_per_part(1),
)
def wait(
    context: Context, job: Job, timeout: float | None = None, interval: float | None = None
) -> None:
    """Wait until Salesforce has processed the job.

    Looks often at first and less often as the job gets older, unless `every` says how often. When
    the time of `up to` is over the step fails, but the job does not: it goes on in the org.
    """
    from bulkflow_ingest.execution.top_error import tell_reason

    work = _work(context, job)
    work.wait(timeout, interval)
    tell_reason(work)


@step(
    "load [{job}]",
    accepts=[Phase.DECLARED, Phase.OPEN],
    leaves=Phase.FINISHED,
    requests=_per_part(4),
)
def load(context: Context, job: Job) -> None:
    """Upload, close and wait as a stream: a part is closed as soon as its data is up."""
    from bulkflow_ingest.execution.top_error import tell_reason

    work = _work(context, job)
    work.load()
    tell_reason(work)


@step("show [{job}]", requests=_per_part(1))
def show(context: Context, job: Job) -> None:
    """Show the job's properties as Salesforce returns them."""
    from bulkflow.model.event import Shown

    work = _work(context, job)
    for part in work.parts.in_org:
        assert part.id is not None
        info = work.requests.api.info(part.id)
        context.emit(Shown(f"job {job.name}, part {part.number + 1}", info.properties, job.key))
    if not work.parts.in_org:
        _say(context, job, f"job {job.name} is not in the org yet")


@step("delete [{job}]", accepts=_ENDED, leaves=Phase.DELETED, requests=_per_part(1))
def delete(context: Context, job: Job) -> None:
    """Remove a finished job from the org, with its results. The records stay."""
    _work(context, job).delete()


@step(
    "require {selection:rows} rows [of {job}] under {limit}",
    accepts=_ENDED,
    judges="selection",
    rows_advice="say in the file how many {rows} rows are fine, for instance "
    "`require {rows} rows of job {job} under 1%`",
)
def require(context: Context, job: Job, selection: str, limit: Limit) -> None:
    """Fail the chain if so many rows, or a greater share of them, ended in this way."""
    counts = job.counts
    found = selected(counts, selection)
    if limit.exceeded(found, counts.rows):
        share = f", {found / counts.rows:.2%}" if counts.rows else ""
        raise StepError(
            f"{found:,} of {counts.rows:,} rows of job {job.name} are {selection}{share}: "
            f"not under {limit}",
            help=f'`save {selection} rows of job {job.name} to "{selection}.csv"` writes them with '
            "what became of each",
        )


@step(
    "retry {selection:rows} rows [of {job}] [up to {n:number} times] [matching {pattern:text}]",
    accepts=_ENDED,
    leaves=Phase.FINISHED,
    requests=_per_part(2),
    resends="selection",
    command=RunMode.RETRY,
)
def retry_rows(
    context: Context, job: Job, selection: str, n: int = 1, pattern: str | None = None
) -> None:
    """Send rows again that are not loaded: those that failed, but only where that may help.

    `failed` are the rows whose error is a passing one (locks, time-outs, a server's own trouble)
    and those that were never tried; `unprocessed` are these alone; `all` are both, whatever they
    failed for. Rows that may be loaded (`unknown`) are never sent again. `matching` takes the rows
    whose error matches a regular expression. The rows become further jobs in the org, with growing
    pauses between the tries; counts and results stay those of the whole job.
    """
    if selection in {"successful", "withheld", "unknown"}:
        what = "may be loaded" if selection == "unknown" else f"are {selection}"
        raise StepError(
            f"rows that {what} are not sent again",
            help=f"write `retry failed rows of job {job.name}`",
        )
    from bulkflow_ingest.execution.retry import send_again

    send_again(_work(context, job), selection, n, pattern)


@step(
    "undo [{job}]",
    accepts=_ENDED,
    requests=_per_part(5),
    command=RunMode.UNDO,
)
def undo(context: Context, job: Job) -> None:
    """Delete the records that the job's rows made, by the ids that Salesforce returned.

    Records that were updated keep their new values, and deleted ones stay deleted: what they were
    before is not known here. What triggers and other programs made of the rows stays as well.
    """
    from bulkflow_ingest.execution.undo import undo_inserts

    work = _work(context, job)
    undo_inserts(work)
    work.requests.ledger.record_undo(work.parts)


@step("save results [of {job}] to {path:folder}", accepts=_ENDED, requests=_per_part(3))
def save_results(context: Context, job: Job, path: Path) -> None:
    """Save the three result files of every part into a folder, as Salesforce writes them."""
    from bulkflow_ingest.api.client import ResultFile

    work = _work(context, job)
    if not _nothing_to_save(context, work):
        saved = work.results.save_files(path)
        job.saved.append(str(path))
        _say(context, job, f"saved {len(saved)} result files to {path}")
        work.results.refuse_lost(*ResultFile)
        work.results.trusted.refuse_doubted()


@step(
    "save {selection:rows} rows [of {job}] to {path}",
    accepts=_ENDED,
    requests=_per_part(1),
    rows_advice='`save {rows} rows of job {job} to "{rows}.csv"` writes them',
)
def save_rows(context: Context, job: Job, selection: str, path: Path) -> None:
    """Save source rows with what became of each.

    The rows as they stand in the source, in its order, then `_file`, `_line`, `_outcome`, and as
    they apply `_id`, `_created`, `_error` and `_ambiguous`. To a name that ends in .gz they are
    written compressed with gzip.
    """
    work = _work(context, job)
    if not _nothing_to_save(context, work):
        saved = work.results.save_rows(selection, path)
        job.saved.append(str(path))
        rows = "row" if saved == 1 else "rows"
        what = f"all {saved:,}" if selection == "all" else f"{saved:,} {selection}"
        _say(context, job, f"saved {what} {rows} to {path}")
        # What is known is saved by then.
        work.results.trusted.refuse_doubted()


def _nothing_to_save(context: Context, work: JobWork) -> bool:
    """In an `always` block the job may be at any point; that is no failure of saving."""
    running = [part for part in work.parts.in_org if not part.is_final]
    if running and context.failure is None:
        message = f"nothing of job {work.job.name} is saved: it is not finished"
        _say(context, work.job, message, warning=True)
        return True
    if any(part.in_org or part.handed_over for part in work.parts.parts):
        return False
    _say(context, work.job, f"job {work.job.name} has no results to save")
    return True


def selected(counts: Counts, selection: str) -> int:
    """How many rows a selection has."""
    match selection:
        case "successful":
            return counts.loaded
        case "all":
            return counts.rows
        case _:
            return counts.not_loaded.get(selection, 0)


if TYPE_CHECKING:
    from collections.abc import Callable

    Counter = Callable[[Manifest], int]

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
