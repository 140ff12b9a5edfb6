"""Why rows failed, told where no later step judges them or sends them again."""

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

    from bulkflow_ingest.execution.job_runner import JobWork

MOST_ROWS: Final = 200_000
"""Failed rows above which none is read to name an error: nobody has asked for them, and so many
take seconds and a hundred megabytes."""


def tell_reason(work: JobWork) -> None:
    """Find the commonest error of a job whose rows failed, unless a later step deals with them.

    That takes the failed results of each part that has any, so it is left where they are many. A
    run ends in the same way without them, so that they cannot be had is no failure.

    Raises:
        RunInterruptedError: The run is to stop.
    """
    ahead = any(each.step.answers_for_rows for each in get_steps_ahead(work.context))
    # Of rows that were sent again the files tell failures that are over.
    if ahead or work.parts.has_resent_rows or not 0 < work.job.counts.failed <= MOST_ROWS:
        return
    try:
        work.job.commonest_error = commonest(work.results.errors(), work.results.hide)
    except RunInterruptedError:
        raise
    except BulkflowError as error:
        work.context.emit(
            Notice(
                f"why rows failed cannot be told: {error}",
                NoticeLevel.DETAIL,
                job=work.job.key,
            )
        )


def commonest(
    errors: Iterable[str], hide: Callable[[str], str] = lambda text: text
) -> ErrorCount | None:
    """The first error of those that most rows have, alike but for the rows' values; None for none.

    Memory goes with the number of different errors.

    Args:
        errors: The error of each row.
        hide: Takes secrets out of the one that is given back.
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
