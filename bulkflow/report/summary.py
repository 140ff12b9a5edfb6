"""The last lines of a run: how it ended, each job's rows, what is left in the org, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from bulkflow.errors import ExitCode
from bulkflow.model.job_phase import Phase
from bulkflow.report.number_format import (
    format_count,
    format_duration,
    format_not_loaded,
    format_plural,
)
from bulkflow.report.open_jobs import LEFT, list_open_jobs
from bulkflow.report.style import Role
from bulkflow.report.text_width import count_cells, escape_line, pad_to_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow.model.event import JobOutcome, RunFinished
    from bulkflow.model.part import ErrorCount
    from bulkflow.report.style import Style

_UNDER_WAY: Final = "not at an end"
"""What is said of rows of which nothing is known yet."""

_BEFORE_CLOSE: Final = frozenset({Phase.OPEN.value, Phase.UPLOADED.value})


def render_summary(event: RunFinished, style: Style) -> list[str]:
    """How the run ended; a line for each job, and its open jobs in the org; the help."""
    names = [escape_line(outcome.job, style.encoding) for outcome in event.jobs]
    width = max(map(count_cells, names), default=0)
    lines = [_verdict(event, style)]
    for name, outcome in zip(names, event.jobs, strict=True):
        if event.exit_code is ExitCode.WRONG and outcome.phase == Phase.DECLARED.value:
            continue  # "nothing was sent" says it of all of them
        lines.append(f"  {pad_to_width(name, width)}  {_outcome(outcome, style)}")
        if outcome.commonest_error is not None:
            lines.append(_commonest(outcome.commonest_error, width + 4, style))
        if outcome.left:
            lines += _left(outcome.left, event.run, width + 4, style)
    unexplained = event.help is None and any(outcome.left for outcome in event.jobs)
    said = _left_help(event.run) if unexplained else event.help
    if said is None:
        return lines
    # Here, as a run that went well needs no words on what to do.
    from bulkflow.report.diagnostics import render_footer

    return [*lines, *render_footer((), said, style)]


def _commonest(error: ErrorCount, indent: int, style: Style) -> str:
    """The error that most of the rows that failed have."""
    told = escape_line(error.message, style.encoding)
    example = ", for example" if error.varies else ""
    return f"{'':{indent}}commonest error, of {format_plural(error.rows, 'row')}{example}: {told}"


def _left(left: Sequence[str], run: str | None, indent: int, style: Style) -> list[str]:
    """The jobs in the org that are not at an end; an id is never cut in two."""
    text = LEFT
    lines = []
    for each in list_open_jobs(left, run):
        word = escape_line(each, style.encoding)
        if style.width and indent + count_cells(text) + 1 + count_cells(word) > style.width:
            lines.append(text)
            text = f"  {word}"
        else:
            text += f" {word}"
    return [f"{'':{indent}}{line}" for line in (*lines, text)]


def _left_help(run: str | None) -> str:
    listed = "Setup lists them under Bulk Data Load Jobs"
    if run is None:
        return listed
    return (
        f"`bulkflow resume {run}` goes on with them, `bulkflow abort {run}` aborts them ({listed})"
    )


def _verdict(event: RunFinished, style: Style) -> str:
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


def _fates(outcome: JobOutcome, style: Style) -> list[str]:
    """How many rows ended how; of a job that is not at an end, none may be told as lost."""
    counts = outcome.counts
    so_far = " so far" if outcome.left else ""
    fates = []
    if counts.loaded or not outcome.left:
        fates.append(f"{format_count(counts.loaded)} loaded{so_far}")
    if outcome.undone:
        fates.append(f"{format_count(outcome.undone)} of these deleted again")
    for kind, words in format_not_loaded(counts.not_loaded).items():
        role = Role.ERROR if kind in {"failed", "unknown"} else Role.WARNING
        fates.append(style.paint(f"{words}{so_far if kind == 'failed' else ''}", role))
    return fates or [_UNDER_WAY]


def _outcome(outcome: JobOutcome, style: Style) -> str:
    counts = outcome.counts
    words = []
    if outcome.phase == Phase.DECLARED.value and not outcome.left:
        words.append("not started")
    elif counts.rows:
        words.append(f"{format_plural(counts.rows, 'row')}: {', '.join(_fates(outcome, style))}")
    else:
        words.append("no rows" if outcome.phase == Phase.FINISHED.value else "rows not counted")
    # That of before the step which was under way: the states of what is left are newer.
    older = _BEFORE_CLOSE if words[-1].endswith(_UNDER_WAY) else ()
    if outcome.seconds is not None:
        words.append(f"in {format_duration(outcome.seconds)}")
    if outcome.phase not in {Phase.DECLARED.value, Phase.FINISHED.value, *older}:
        words.append(f"({escape_line(outcome.phase, style.encoding)})")
    if outcome.saved:
        words.append(f"-> {', '.join(escape_line(path, style.encoding) for path in outcome.saved)}")
    return " ".join(words)
