"""Sends rows again, but only those for which that may help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow.errors import BulkflowError, RunInterruptedError, StepError
from bulkflow.model.event import Notice, NoticeLevel
from bulkflow_ingest.api.job_info import JobState
from bulkflow_ingest.execution.retry_notices import name_rows_left_out, say_why_nothing_is_sent
from bulkflow_ingest.parts.prepare import add_resent_parts
from bulkflow_ingest.results.files import ALL_FILES
from bulkflow_ingest.results.output_files import label_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bulkflow_ingest.execution.job_runner import JobWork
    from bulkflow_ingest.parts.part_job import PartJob
    from bulkflow_ingest.reconcile import Resend

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
    if work.parts.pending is not None:
        raise StepError(
            f"not all rows of job {work.job.name} were read, so none are sent again yet",
            help=f"`{work.context.format_command('resume')}` reads and sends the rest; if the run "
            "was given up, run its file again",
        )
    work.results.trusted.begin()
    # What an earlier attempt at the run began to send again.
    begun = [
        part
        for part in work.parts.parts
        if part.origin is not None and not part.is_final and not work.parts.is_superseded(part)
    ]
    _take_back_unsent(work, begun)
    _refuse_running(work, begun)
    tries = _Tries.of(work, {"selection": selection, "times": times, "pattern": pattern}, begun)
    try:
        _send(work, begun, tries, selection, times, pattern)
    except BulkflowError as error:
        # A run that is interrupted is gone on with, and so are the tries.
        interrupted = isinstance(error, RunInterruptedError)
        if not interrupted:
            tries.over(work)
        if work.parts.has_resent_rows and (
            interrupted or not all(part.is_final for part in work.parts.parts)
        ):
            # What results told is of a time before these parts.
            work.counting.settle_by_parts()
        raise
    tries.over(work)


def _send(
    work: JobWork,
    begun: Sequence[PartJob],
    tries: _Tries,
    selection: str,
    times: int,
    pattern: str | None,
) -> None:
    if begun:
        _try(work, begun, is_last=tries.used >= times)
    elif work.job.counts.rows and work.job.counts.loaded == work.job.counts.rows:
        # Copies of the rows may be gone by then.
        say_why_nothing_is_sent(work, selection)
        return
    sent = len(begun)
    for attempt in range(tries.used, times):
        again = _worth_it(work, selection, pattern, attempt)
        if not again:
            break
        pause = min(LONGEST_PAUSE, 2.0**attempt)
        rows = sum(each.rows for each in again)
        which = "1 row" if rows == 1 else f"{rows:,} rows"
        work.context.emit(Notice(f"sending {which} again in {pause:g} s", job=work.job.key))
        work.context.sleep(pause)
        sent += len(again)
        _try(work, add_resent_parts(work.context, work.job, again), is_last=attempt + 1 == times)
    if not sent:
        work.counting.settle()
        say_why_nothing_is_sent(work, selection)


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

    That it began is in the journal before the first try, as is each try: as parts of their own. A
    step that ended counts no more, whether it failed or not; one that was killed goes on counting.
    """

    number: int
    used: int

    @classmethod
    def of(cls, work: JobWork, words: Mapping[str, object], begun: Sequence[PartJob]) -> _Tries:
        """Those of a step that was cut short, if it had the same words.

        Else none, or one where rows of an earlier step are left to send.
        """
        parts = work.parts.parts
        if not parts:
            return cls(0, 0)
        first = parts[0].number
        history = work.context.journal.read_history(work.job.key)
        intents = history.parts[0].intents if history is not None and history.parts else ()
        for each in [each for each in intents if each.action == AGAIN][-1:]:
            known = int(each.detail["known"])
            if each.outcome is None and each.detail == {**words, "known": known}:
                tried = {part.origin.parent for part in parts[known:] if part.origin is not None}
                return cls(each.number, len(tried))
        detail = {**words, "known": len(parts)}
        number = work.context.journal.intend(work.job.key, first, AGAIN, detail)
        return cls(number, 1 if begun else 0)

    def over(self, work: JobWork) -> None:
        """The step is at its end: another counts anew."""
        if self.number:
            work.context.journal.settle(self.number, "done", {})


def _take_back_unsent(work: JobWork, begun: Sequence[PartJob]) -> None:
    """Abort jobs that were never handed over, so that their rows can be sent in others."""
    if work.parts.settings.existing is not None:
        return
    for part in work.parts.in_org:
        if part not in begun and not part.is_final and not part.handed_over:
            work.requests.abort(part)


def _refuse_running(work: JobWork, begun: Sequence[PartJob]) -> None:
    """Rows whose job may still load them must not be sent in another."""
    for part in work.parts.in_org:
        if part not in begun and not part.is_final:
            # It may have finished since it was looked at.
            work.asking.look(part)
    running = [part for part in work.parts.in_org if part not in begun and not part.is_final]
    if running:
        resume, abort = work.context.format_command("resume"), work.context.format_command("abort")
        raise StepError(
            f"job {work.job.name} is not finished, so it is not known which of its rows fail",
            help=f"`{resume}` waits for it; `{abort}` gives up what is not loaded",
            notes=[f"job {part.id} is {part.state}" for part in running],
        )


def _worth_it(work: JobWork, selection: str, pattern: str | None, attempt: int) -> list[Resend]:
    from bulkflow_ingest.reconcile import WORTH_SENDING

    known = len(work.parts.parts)
    folder = work.context.run_directory / "again" / f"{label_of(work.job.key)}-{known}-{attempt}"
    with work.results.fates(*ALL_FILES) as fates:
        if work.results.trusted.trust.doubted:
            # What is known is told, and nothing is sent.
            work.results.settle(fates)
            work.results.trusted.refuse_doubted()
        counts = fates.counts()
        found = fates.rows_to_send(
            folder,
            codes=None if pattern is not None or selection == "all" else WORTH_SENDING,
            matching=pattern,
            failed=selection != "unprocessed",
            unprocessed=pattern is None,
        )
    name_rows_left_out(work, counts, sum(each.withheld for each in found))
    return [each for each in found if each.rows]
