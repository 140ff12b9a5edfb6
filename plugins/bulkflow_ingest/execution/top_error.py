"""Finds the most common error of a job's failed rows, unless a later step handles the rows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from bulkflow.errors import BulkflowError, RunInterruptedError
from bulkflow.model.event import Notice, NoticeLevel
from bulkflow.model.part import ErrorCount
from bulkflow.plugin.lookahead import get_steps_ahead
from bulkflow_ingest.reconcile.error_patterns import without_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bulkflow_ingest.execution.job_runner import JobRunner

MAX_FAILED_ROWS: Final = 200_000
"""Above this no failed row is read: nobody asked for the errors, and reading so many takes seconds
and a hundred megabytes."""


def report_top_error(runner: JobRunner) -> None:
    """Find the most common error of a job whose rows failed, unless a later step handles them.

    This fetches the failed results of each part that has any. The run ends in the same way without
    them, so a job with very many is skipped, and an error is only a notice.

    Raises:
        RunInterruptedError: The run is to stop.
    """
    is_handled = any(each.step.answers_for_rows for each in get_steps_ahead(runner.context))
    # If rows were sent again, the files have failures that later attempts have corrected.
    if (
        is_handled
        or runner.parts.has_resent_rows
        or not 0 < runner.job.counts.failed <= MAX_FAILED_ROWS
    ):
        return
    try:
        runner.job.commonest_error = find_top_error(runner.results.errors(), runner.results.hide)
    except RunInterruptedError:
        raise
    except BulkflowError as error:
        runner.context.emit(
            Notice(
                f"the errors of the failed rows could not be read: {error}",
                NoticeLevel.DETAIL,
                job=runner.job.key,
            )
        )


def find_top_error(
    errors: Iterable[str], hide: Callable[[str], str] = lambda text: text
) -> ErrorCount | None:
    """Find the error of most rows; return None if there is none.

    Errors that differ only in the rows' values count as one, and the first of them is returned.
    Memory grows with the number of different errors.

    Args:
        errors: The error of each row.
        hide: Removes secrets from the error that is returned.
    """
    texts = Counter(errors)
    rows: Counter[str] = Counter()
    first: dict[str, str] = {}
    varying: set[str] = set()
    for error, number in texts.items():
        group = without_values(error)
        rows[group] += number
        if first.setdefault(group, error) != error:
            varying.add(group)
    most = max(rows, key=rows.__getitem__, default=None)
    return None if most is None else ErrorCount(hide(first[most]), rows[most], most in varying)
