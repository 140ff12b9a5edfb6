"""Notices about rows that a retry does not send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow.model.event import Notice
from bulkflow_jobs.notices import warn

if TYPE_CHECKING:
    from bulkflow_ingest.execution.job_runner import JobRunner
    from bulkflow_ingest.reconcile import JobOutcomes

_MAX_NAMED: Final = 5
"""Parts that a message names at most."""


def report_rows_left_out(runner: JobRunner, outcomes: JobOutcomes, ambiguous: int) -> None:
    """Warn about rows that are not sent again because they may be loaded."""
    name = runner.job.name
    if outcomes.total.unknown:
        where = [
            f"{each.unknown:,} of part {number + 1}"
            for number, each in sorted(outcomes.parts.items())
            if each.unknown
        ]
        omitted = len(where) - _MAX_NAMED
        more = f" and {omitted:,} more parts" if omitted > 0 else ""
        warn(
            runner.context,
            runner.job,
            f"{_count_rows(outcomes.total.unknown)} not sent again, as no result file has them and "
            f"they may be loaded: {', '.join(where[:_MAX_NAMED])}{more}",
            f'`save unknown rows of job {name} to "unknown.csv"` saves them; check in the org '
            "which of them were loaded",
        )
    if ambiguous:
        warn(
            runner.context,
            runner.job,
            f"{_count_rows(ambiguous)} not sent again: they look like rows that were loaded",
            f'`save all rows of job {name} to "all.csv"` marks them in `_ambiguous`',
        )


def report_nothing_sent(runner: JobRunner, selection: str) -> None:
    """Say why a retry step sends no rows."""
    counts, error = runner.job.counts, runner.job.commonest_error
    reasons = []
    if counts.failed:
        why = f", most of them with {error.message!r}" if error is not None else ""
        reasons.append(
            f"{counts.failed:,} failed with errors that a retry does not correct{why}"
            if selection != "unprocessed"
            else f"{counts.failed:,} failed, and only unprocessed rows are retried"
        )
    if counts.unknown:
        reasons.append(f"{counts.unknown:,} may or may not be loaded")
    if counts.withheld:
        reasons.append(f"{counts.withheld:,} were withheld on purpose")
    if not reasons:
        message = f"nothing is sent again: all {counts.rows:,} rows are loaded"
        runner.context.emit(Notice(message, job=runner.job.key))
        return
    advice = None
    if counts.failed:
        retry = runner.context.format_command("retry", "--rows", "all")
        advice = (
            "correct these rows in the org or the file; "
            f"`{retry}` sends them again whatever their errors"
        )
    elif counts.unknown:
        advice = "check in the org which of them were loaded"
    warn(
        runner.context,
        runner.job,
        f"nothing is sent again: of {counts.rows:,} rows {', '.join(reasons)}",
        advice,
    )


def _count_rows(number: int) -> str:
    return "1 row is" if number == 1 else f"{number:,} rows are"
