"""Sends rows again, but only those for which that may help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow.errors import StepError
from bulkflow.model.event import Notice, NoticeLevel
from bulkflow_ingest.api import ResultFile
from bulkflow_ingest.drafts import label_of
from bulkflow_ingest.info import JobState
from bulkflow_ingest.preparing import add_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bulkflow_ingest.fates import Resend
    from bulkflow_ingest.part_job import PartJob
    from bulkflow_ingest.work import JobWork

AGAIN = "again"
"""The intent to send rows of a job again, which lasts until its step is at its end."""

LONGEST_PAUSE = 300.0
"""Seconds; the pauses between two tries double from one second up to this."""


def send_again(work: JobWork, selection: str, times: int, pattern: str | None) -> None:
    """Load the rows again that failed for a passing reason, or were never tried, and wait.

    They become further parts of the same logical job, whose counts and results go on to be those
    of its source rows.

    Args:
        work: The job; it must be at its end.
        selection: "failed" for failed rows worth it and unprocessed ones, "unprocessed" for these
            alone, "all" for every row that is not loaded, whatever it failed for.
        times: How often to try at the most.
        pattern: Only rows whose error matches this, whatever its code.
    """
    if work.parts.settings.streamed and any(part.data is None for part in work.parts.parts):
        raise StepError(
            f"no rows of job {work.job.name} can be sent again: its rows were streamed and are not "
            "kept",
            help=f'`save failed rows of job {work.job.name} to "failed.csv"` saves them from '
            "Salesforce's results; load that file",
        )
    if any(part.data is None for part in work.parts.parts):
        raise StepError(
            f"the rows of job {work.job.name} are not known here, so none can be sent again",
            help="declare what it does and where its rows come from, instead of `existing`",
        )
    _refuse_running(work)
    # What an earlier attempt at the run began to send again.
    begun = [part for part in work.parts.parts if part.origin is not None and not part.is_final]
    tries = _Tries.of(work, {"selection": selection, "times": times, "pattern": pattern})
    _try(work, begun, is_last=tries.used >= times)
    for attempt in range(tries.used, times):
        again = _worth_it(work, selection, pattern, attempt)
        if not again:
            break
        pause = min(LONGEST_PAUSE, 2.0**attempt)
        rows = sum(each.rows for each in again)
        which = "1 row" if rows == 1 else f"{rows:,} rows"
        work.context.emit(Notice(f"sending {which} again in {pause:g} s", job=work.job.key))
        work.context.sleep(pause)
        _try(work, add_rows(work.context, work.job, again), is_last=attempt + 1 == times)
    work.counting.settle()
    tries.over(work)


def _try(work: JobWork, parts: Sequence[PartJob], *, is_last: bool) -> None:
    """Load rows that are sent again. A job that does not complete is an error of the last try."""
    try:
        work.load_parts(parts)
    except StepError as error:
        states = {part.state for part in parts}
        # Somebody who aborts a job wants its rows no more.
        if JobState.FAILED not in states or not states <= {JobState.JOB_COMPLETE, JobState.FAILED}:
            raise
        if is_last:
            # What the last try has loaded before its job failed is told as well.
            work.counting.settle()
            raise
        _say_that_tries_go_on(work, error)


def _say_that_tries_go_on(work: JobWork, error: StepError) -> None:
    """A try whose job did not complete left rows that the next try sends."""
    work.context.emit(
        Notice(
            f"{error.message}: what it did not load is tried once more",
            NoticeLevel.WARNING,
            job=work.job.key,
        )
    )


@frozen
class _Tries:
    """How often rows were sent again for one step, which may have been cut short and begun anew.

    That it began is in the journal before the first try, as is each try: as parts of their own.
    """

    number: int
    used: int

    @classmethod
    def of(cls, work: JobWork, words: Mapping[str, object]) -> _Tries:
        """Those of a step that was cut short, if it had the same words; or none."""
        parts = work.parts.parts
        if not parts:
            return cls(0, 0)
        first = parts[0].number
        history = work.context.journal.history(work.job.key)
        intents = history.parts[0].intents if history is not None and history.parts else ()
        begun = [each for each in intents if each.action == AGAIN][-1:]
        for each in begun:
            known = int(each.detail["known"])
            if each.outcome is None and each.detail == {**words, "known": known}:
                tried = {part.origin.parent for part in parts[known:] if part.origin is not None}
                return cls(each.number, len(tried))
        detail = {**words, "known": len(parts)}
        return cls(work.context.journal.intend(work.job.key, first, AGAIN, detail), 0)

    def over(self, work: JobWork) -> None:
        """The step is at its end: another counts anew."""
        if self.number:
            work.context.journal.settle(self.number, "done", {})


def _refuse_running(work: JobWork) -> None:
    """Rows whose job may still load them must not be sent in another."""
    running = [part for part in work.parts.in_org if part.origin is None and not part.is_final]
    if running:
        raise StepError(
            f"job {work.job.name} is not at its end, so it is not known which of its rows fail",
            help="wait for it, or go on with its run first: `bulkflow resume RUN`; or give up what "
            "is not loaded, with `bulkflow abort RUN`",
            notes=[f"job {part.id} is {part.state}" for part in running],
        )


def _worth_it(work: JobWork, selection: str, pattern: str | None, attempt: int) -> list[Resend]:
    from bulkflow_ingest.fates import WORTH_SENDING

    known = len(work.parts.parts)
    folder = work.context.run_directory / "again" / f"{label_of(work.job.key)}-{known}-{attempt}"
    with work.results.fates(ResultFile.SUCCESSFUL, ResultFile.FAILED) as fates:
        found = fates.rows_to_send(
            folder,
            codes=None if pattern is not None or selection == "all" else WORTH_SENDING,
            matching=pattern,
            failed=selection != "unprocessed",
            unprocessed=pattern is None,
        )
    withheld = sum(each.withheld for each in found)
    if withheld:
        work.context.emit(
            Notice(
                f"{withheld:,} rows are not sent again: it is not known whether they were loaded",
                NoticeLevel.WARNING,
                job=work.job.key,
                help="they are equal to rows that were loaded; `save all rows` marks them",
            )
        )
    return [each for each in found if each.rows]
