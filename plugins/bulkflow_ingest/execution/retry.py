"""Sends rows again that are not loaded, if that may help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow.errors import BulkflowError, RunInterruptedError, StepError
from bulkflow.model.event import Notice
from bulkflow_ingest.execution.retry_attempts import RetryAttempts
from bulkflow_ingest.execution.retry_notices import report_nothing_sent, report_rows_left_out
from bulkflow_ingest.parts.prepare import add_resent_parts
from bulkflow_ingest.results.selection_files import ALL_FILES
from bulkflow_jobs.job_label import make_label
from bulkflow_jobs.job_state import JobState
from bulkflow_jobs.notices import warn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow_ingest.execution.job_runner import JobRunner
    from bulkflow_ingest.parts.part_job import PartJob
    from bulkflow_ingest.reconcile import Resend

LONGEST_PAUSE: Final = 300.0
"""Seconds; the pauses between two attempts double from one second up to this."""


@frozen
class RowRetry:
    """A step that sends rows of a finished job again.

    The rows become further parts of the same logical job, whose counts and results stay those of
    its source rows.

    Attributes:
        runner: The job.
        selection: "failed" for rows with temporary errors and unprocessed ones, "unprocessed" for
            these alone, "all" for every row that is not loaded, whatever its error.
        max_attempts: How often the rows are sent at most.
        pattern: If set, only rows whose error matches it are sent, whatever the error's code.
    """

    runner: JobRunner
    selection: str
    max_attempts: int
    pattern: str | None = None

    def run(self) -> None:
        """Send the rows and wait, until none is left that is worth it."""
        runner = self.runner
        self._refuse_unknown_rows()
        runner.results.trusted.begin()
        # Parts that an earlier attempt at the run has added for this step.
        begun = [
            part
            for part in runner.parts.parts
            if part.origin is not None
            and not part.is_final
            and not runner.parts.is_superseded(part)
        ]
        self._abort_unsent(begun)
        self._refuse_unfinished(begun)
        words = {"selection": self.selection, "times": self.max_attempts, "pattern": self.pattern}
        attempts = RetryAttempts.start(runner, words, begun)
        try:
            self._send(begun, attempts)
        except BulkflowError as error:
            # If the run is resumed, this step continues where it was interrupted.
            interrupted = isinstance(error, RunInterruptedError)
            if not interrupted:
                attempts.finish(runner)
            if runner.parts.has_resent_rows and (
                interrupted or not all(part.is_final for part in runner.parts.parts)
            ):
                # The results that were read do not cover the new parts.
                runner.counting.settle_by_parts()
            raise
        attempts.finish(runner)

    def _refuse_unknown_rows(self) -> None:
        """Raise `StepError` if the job's rows are not here."""
        parts, name = self.runner.parts, self.runner.job.name
        if parts.settings.streamed and any(part.data is None for part in parts.parts):
            raise StepError(
                f"no rows of job {name} can be sent again: they were streamed and not kept",
                help=f'`save failed rows of job {name} to "failed.csv"` saves them from '
                "Salesforce's results; load that file",
            )
        if any(part.data is None for part in parts.parts):
            raise StepError(
                f"no rows of job {name} can be sent again: the job does not say where they are",
                help="declare the job's operation and source instead of `existing`",
            )
        if parts.pending is not None:
            resume = self.runner.context.format_command("resume")
            raise StepError(
                f"no rows of job {name} can be sent again yet: not all of them were read",
                help=f"`{resume}` reads and sends the rest; if the run was aborted, run its file "
                "again",
            )

    def _abort_unsent(self, begun: Sequence[PartJob]) -> None:
        """Abort jobs that were never handed over, so that their rows can be sent in others."""
        if not self.runner.requests.owns_jobs:
            return
        for part in self.runner.parts.in_org:
            if part not in begun and not part.is_final and not part.handed_over:
                self.runner.requests.abort(part)

    def _refuse_unfinished(self, begun: Sequence[PartJob]) -> None:
        """Raise `StepError` if a job may still load rows, which another must not load then."""
        runner = self.runner
        for part in runner.parts.in_org:
            if part not in begun and not part.is_final:
                # It may have finished since the last poll.
                runner.status.poll(part)
        running = [part for part in runner.parts.in_org if part not in begun and not part.is_final]
        if running:
            resume, abort = (runner.context.format_command(verb) for verb in ("resume", "abort"))
            raise StepError(
                f"job {runner.job.name} is not finished, so its failed rows are not known yet",
                help=f"`{resume}` waits for it; `{abort}` abandons what is not loaded",
                notes=[f"job {part.id} is {part.state}" for part in running],
            )

    def _send(self, begun: Sequence[PartJob], attempts: RetryAttempts) -> None:
        runner = self.runner
        counts = runner.job.counts
        if begun:
            self._load(begun, is_last=attempts.used >= self.max_attempts)
        elif counts.rows and counts.loaded == counts.rows:
            # Not later: the copies of the rows may be gone.
            report_nothing_sent(runner, self.selection)
            return
        sent = len(begun)
        for attempt in range(attempts.used, self.max_attempts):
            found = self._find_rows(attempt)
            if not found:
                break
            pause = min(LONGEST_PAUSE, 2.0**attempt)
            rows = sum(each.rows for each in found)
            which = "1 row" if rows == 1 else f"{rows:,} rows"
            runner.context.emit(Notice(f"sending {which} again in {pause:g} s", job=runner.job.key))
            runner.context.sleep(pause)
            sent += len(found)
            added = add_resent_parts(runner.context, runner.job, found)
            self._load(added, is_last=attempt + 1 == self.max_attempts)
        if not sent:
            runner.counting.settle()
            report_nothing_sent(runner, self.selection)

    def _load(self, parts: Sequence[PartJob], *, is_last: bool) -> None:
        """Load the parts of one attempt. Only the last attempt has to complete."""
        try:
            self.runner.load_parts(parts)
        except StepError as error:
            states = {part.state for part in parts}
            # After somebody aborted a job, its rows are not sent again.
            may_retry = JobState.FAILED in states and states <= {
                JobState.JOB_COMPLETE,
                JobState.FAILED,
            }
            if is_last or not may_retry:
                raise
            warn(
                self.runner.context,
                self.runner.job,
                f"{error.message}: the rows that it did not load are sent again",
            )

    def _find_rows(self, attempt: int) -> list[Resend]:
        """Write the rows that are worth another attempt to files."""
        from bulkflow_ingest.reconcile import WORTH_SENDING

        runner = self.runner
        label = f"{make_label(runner.job.key)}-{len(runner.parts.parts)}-{attempt}"
        folder = runner.context.run_directory / "again" / label
        takes_any_code = self.pattern is not None or self.selection == "all"
        with runner.results.reconcile(*ALL_FILES) as outcomes:
            if runner.results.trusted.trust.doubted:
                # Report the known outcomes, and send nothing.
                runner.results.settle(outcomes)
                runner.results.trusted.refuse_doubted()
            counts = outcomes.counts()
            found = outcomes.rows_to_send(
                folder,
                codes=None if takes_any_code else WORTH_SENDING,
                matching=self.pattern,
                failed=self.selection != "unprocessed",
                unprocessed=self.pattern is None,
            )
        report_rows_left_out(runner, counts, sum(each.withheld for each in found))
        return [each for each in found if each.rows]
