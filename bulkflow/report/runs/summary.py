"""The last lines of a run: how it ended, rows by job, unfinished jobs in the org, and help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from bulkflow.errors import ExitCode
from bulkflow.model.job_phase import Phase
from bulkflow.report.runs.open_jobs import HEADING, list_open_jobs
from bulkflow.report.text.escape import escape_line
from bulkflow.report.text.number_format import (
    format_count,
    format_duration,
    format_not_loaded,
    format_plural,
)
from bulkflow.report.text.style import Role
from bulkflow.report.text.text_width import count_cells, pad_to_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow.model.event import JobOutcome, RunFinished
    from bulkflow.model.part import ErrorCount
    from bulkflow.report.text.style import Style

_PROCESSING: Final = "still processing"
"""Said of rows whose outcome is not known yet."""

_BEFORE_CLOSE: Final = frozenset({Phase.OPEN.value, Phase.UPLOADED.value})


def render_summary(event: RunFinished, style: Style) -> list[str]:
    """Render how the run ended, a line per job with its unfinished jobs in the org, and help."""
    names = [escape_line(outcome.job, style.encoding) for outcome in event.jobs]
    width = max(map(count_cells, names), default=0)
    lines = [_format_verdict(event, style)]
    for name, outcome in zip(names, event.jobs, strict=True):
        if event.exit_code is ExitCode.WRONG and outcome.phase == Phase.DECLARED.value:
            continue  # the first line says that nothing was sent
        lines.append(f"  {pad_to_width(name, width)}  {_format_outcome(outcome, style)}")
        if outcome.commonest_error is not None:
            lines.append(_format_top_error(outcome.commonest_error, width + 4, style))
        if outcome.left:
            lines += _format_open_jobs(outcome.left, event.run, width + 4, style)
    unexplained = event.help is None and any(outcome.left for outcome in event.jobs)
    help_ = _suggest_next(event.run) if unexplained else event.help
    if help_ is None:
        return lines
    # Imported here because a run that succeeded has no help.
    from bulkflow.report.errors.diagnostics import render_footer

    return [*lines, *render_footer((), help_, style)]


def _format_top_error(error: ErrorCount, indent: int, style: Style) -> str:
    """Format the most common error of the failed rows."""
    message = escape_line(error.message, style.encoding)
    example = ", for example" if error.varies else ""
    rows = format_plural(error.rows, "row")
    return f"{'':{indent}}most common error ({rows}){example}: {message}"


def _format_open_jobs(jobs: Sequence[str], run: str | None, indent: int, style: Style) -> list[str]:
    """Format the unfinished jobs in the org in lines; ids are never broken."""
    text = HEADING
    lines = []
    for each in list_open_jobs(jobs, run):
        word = escape_line(each, style.encoding)
        if style.width and indent + count_cells(text) + 1 + count_cells(word) > style.width:
            lines.append(text)
            text = f"  {word}"
        else:
            text += f" {word}"
    return [f"{'':{indent}}{line}" for line in (*lines, text)]


def _suggest_next(run: str | None) -> str:
    listed = "Setup shows them under Bulk Data Load Jobs"
    if run is None:
        return listed
    return f"`bulkflow resume {run}` continues them, `bulkflow abort {run}` aborts them ({listed})"


def _format_verdict(event: RunFinished, style: Style) -> str:
    took = format_duration(event.seconds)
    match event.exit_code:
        case ExitCode.DONE:
            return style.paint(f"done in {took}", Role.TITLE)
        case ExitCode.FAILED:
            return style.paint(f"failed after {took}", Role.ERROR)
        case ExitCode.WRONG:
            return style.paint(f"refused after {took}; nothing was sent", Role.ERROR)
        case ExitCode.ROWS_FAILED:
            failed = any(job.counts.failed for job in event.jobs)
            what = "rows failed" if failed else "not all rows are known to be loaded"
            return style.paint(f"done in {took}, but {what}", Role.WARNING)
        case ExitCode.INTERRUPTED:
            return style.paint(f"interrupted after {took}", Role.WARNING)
        case _:
            assert_never(event.exit_code)


def _format_rows(outcome: JobOutcome, style: Style) -> list[str]:
    """Format the rows by outcome. Unprocessed rows of an unfinished job are not lost yet."""
    counts = outcome.counts
    so_far = " so far" if outcome.left else ""
    rows = []
    if counts.fetched:
        rows.append(f"{format_count(counts.fetched)} fetched{so_far}")
    elif counts.loaded or not outcome.left:
        rows.append(f"{format_count(counts.loaded)} loaded{so_far}")
    if outcome.undone:
        rows.append(f"{format_count(outcome.undone)} of them deleted again")
    for kind, words in format_not_loaded(counts.not_loaded).items():
        role = Role.ERROR if kind in {"failed", "unknown"} else Role.WARNING
        rows.append(style.paint(f"{words}{so_far if kind == 'failed' else ''}", role))
    return rows or [_PROCESSING]


def _format_outcome(outcome: JobOutcome, style: Style) -> str:
    counts = outcome.counts
    words = []
    if outcome.phase == Phase.DECLARED.value and not outcome.left:
        words.append("not started")
    elif counts.rows:
        words.append(
            f"{format_plural(counts.rows, 'row')}: {', '.join(_format_rows(outcome, style))}"
        )
    else:
        words.append("no rows" if outcome.phase == Phase.FINISHED.value else "rows not counted")
    # The phase before an interrupted step: the states of the unfinished jobs are newer.
    older = _BEFORE_CLOSE if words[-1].endswith(_PROCESSING) else ()
    if outcome.seconds is not None:
        words.append(f"in {format_duration(outcome.seconds)}")
    if outcome.phase not in {Phase.DECLARED.value, Phase.FINISHED.value, *older}:
        words.append(f"({escape_line(outcome.phase, style.encoding)})")
    if outcome.saved:
        words.append(f"-> {', '.join(escape_line(path, style.encoding) for path in outcome.saved)}")
    return " ".join(words)
