"""What users are told of rows that a retry does not send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow.model.event import Notice, NoticeLevel

if TYPE_CHECKING:
    from bulkflow_ingest.execution.job_runner import JobWork
    from bulkflow_ingest.reconcile import JobFates

_NAMED: Final = 5
"""Parts that a message names at the most."""


def name_rows_left_out(work: JobWork, fates: JobFates, ambiguous: int) -> None:
    """Name the rows that are not sent again, as they may be loaded."""
    name = work.job.name
    if fates.total.unknown:
        where = [
            f"{each.unknown:,} of part {number + 1}"
            for number, each in sorted(fates.parts.items())
            if each.unknown
        ]
        more = f" and {len(where) - _NAMED:,} more parts" if len(where) > _NAMED else ""
        work.context.emit(
            Notice(
                f"{_rows(fates.total.unknown)} not sent again, as no result file has them and they "
                f"may be loaded: {', '.join(where[:_NAMED])}{more}",
                NoticeLevel.WARNING,
                job=work.job.key,
                help=f'`save unknown rows of job {name} to "unknown.csv"` names them; look in the '
                "org for what was loaded",
            )
        )
    if ambiguous:
        work.context.emit(
            Notice(
                f"{_rows(ambiguous)} not sent again: they look like rows that were loaded",
                NoticeLevel.WARNING,
                job=work.job.key,
                help=f'`save all rows of job {name} to "all.csv"` marks them in `_ambiguous`',
            )
        )


def say_why_nothing_is_sent(work: JobWork, selection: str) -> None:
    """Say why a step that sends rows again has sent none."""
    counts, error = work.job.counts, work.job.commonest_error
    reasons = []
    if counts.failed:
        why = f", most of them for {error.message!r}" if error is not None else ""
        reasons.append(
            f"{counts.failed:,} failed for reasons that another try does not change{why}"
            if selection != "unprocessed"
            else f"{counts.failed:,} failed, which were not asked for"
        )
    if counts.unknown:
        reasons.append(f"of {counts.unknown:,} it is not known whether they are loaded")
    if counts.withheld:
        reasons.append(f"{counts.withheld:,} were withheld on purpose")
    if not reasons:
        message = f"nothing is sent again: all {counts.rows:,} rows are loaded"
        work.context.emit(Notice(message, job=work.job.key))
        return
    help_ = None
    if counts.failed:
        help_ = (
            "correct these rows in the org or the file; "
            f"`{work.context.format_command('retry', '--rows', 'all')}` sends them as they are"
        )
    elif counts.unknown:
        help_ = "look in the org for what was loaded"
    work.context.emit(
        Notice(
            f"nothing is sent again: of {counts.rows:,} rows {', '.join(reasons)}",
            NoticeLevel.WARNING,
            job=work.job.key,
            help=help_,
        )
    )


def _rows(number: int) -> str:
    return "1 row is" if number == 1 else f"{number:,} rows are"
