"""Counts the outcomes of a job's rows where the org's own counters are not enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow.errors import BulkflowError, DataError, RunInterruptedError
from bulkflow.model.event import Notice, NoticeLevel
from bulkflow.model.part import Counts, ErrorCount
from bulkflow_ingest.api.result_kind import ResultKind
from bulkflow_ingest.results.file_rows import count_rows, is_refused
from bulkflow_ingest.results.selection_files import ALL_FILES
from bulkflow_ingest.results.standstill import compute_quiet_time
from bulkflow_jobs.job_state import UNSUCCESSFUL_STATES, JobState
from bulkflow_jobs.patience import get_patience

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow.plugin import Context
    from bulkflow_ingest.parts.job_parts import JobParts
    from bulkflow_ingest.parts.part_job import PartJob
    from bulkflow_ingest.results.reader import Results

LONGEST_WHEN_STOPPING: Final = 5.0
"""Seconds to wait for jobs to come to rest once the run has to stop."""


@frozen
class Counting:
    """Keeps a job's counts correct once its parts have finished."""

    context: Context
    parts: JobParts
    results: Results

    def count(self) -> None:
        """Count all parts, from result files where the counters are not enough.

        That is the case for jobs that did not complete, or completed with fewer or more rows than
        they got.
        """
        wanted = [part for part in self.parts.parts if self._needs_files(part)]
        if self.context.stopping and self._quiet > LONGEST_WHEN_STOPPING:
            # The process may be killed soon: rows stay unknown until a later command counts them.
            wanted = []
        self._fetch(wanted)
        counted = set(wanted)
        for part in self.parts.parts:
            if part in counted:
                part.counted = self._counted(part)
            elif is_refused(part):
                part.counted = Counts(part.rows, unprocessed=part.rows)
        self.parts.recount()
        self.parts.report_progress(self.context, now=True)

    @property
    def _quiet(self) -> float:
        return compute_quiet_time(get_patience(self.context, self.parts.settings.patience))

    def count_again(self, counted: Counts) -> None:
        """Restore the counts to what an earlier attempt had when it ended.

        Args:
            counted: The counts of the earlier attempt.
        """
        parts = self.parts.parts
        if not all(part.is_final or part.deleted or part.is_abandoned for part in parts):
            return
        self.count()
        if not self.parts.has_resent_rows:
            return
        try:
            if all(self._is_told(part) for part in parts):
                self.settle()
                return
        except DataError as error:
            # Steps that need the rows fail; waiting, aborting and undoing do not need them.
            self.context.emit(
                Notice(
                    f"the resent rows are not counted again: {error}",
                    NoticeLevel.DETAIL,
                    job=self.parts.job.key,
                )
            )
            self.parts.source_counts = counted
            self.parts.recount()
            return
        self.settle_by_parts()

    def settle_by_parts(self) -> None:
        """Count the outcomes of the source's rows from the counts of the parts alone.

        Resent rows are among the rows that their earlier job did not load. Used where results are
        gone; rows without any evidence count as unknown.
        """
        total = Counts()
        for part in self.parts.parts:
            counts = part.counts
            if part.origin is not None:
                if not part.handed_over:
                    continue
                unprocessed = min(total.unprocessed, part.rows)
                failed = min(total.failed, part.rows - unprocessed)
                total -= Counts(part.rows, failed=failed, unprocessed=unprocessed)
            total += counts
        self.parts.source_counts = total
        self.parts.recount()

    def settle(self) -> None:
        """Count the outcomes of the source's rows, some of which were resent."""
        with self.results.reconcile(*ALL_FILES) as outcomes:
            self.results.settle(outcomes)
            errors = outcomes.errors()
        reported = [
            ErrorCount(self.results.hide(each.message), each.rows, each.varies)
            for each in errors[:1]
        ]
        self.parts.job.commonest_error = reported[0] if reported else None

    def _is_told(self, part: PartJob) -> bool:
        """Whether the files of a part are in the org or on disk."""
        return not part.deleted or self.results.files.are_here(part, ALL_FILES)

    def _needs_files(self, part: PartJob) -> bool:
        if not self._is_told(part):
            return False
        if part.state == JobState.JOB_COMPLETE:
            return bool(part.counts.unknown)
        return part.state in UNSUCCESSFUL_STATES and part.handed_over and not is_refused(part)

    def _fetch(self, parts: Sequence[PartJob]) -> None:
        """Fetch the files of several parts together; an error is raised later, for its own part."""
        try:
            files = [each for part in parts for each in self._files(part)]
            self.results.trusted.fetch(files)
        except RunInterruptedError:
            raise
        except BulkflowError:
            pass

    def _counted(self, part: PartJob) -> Counts:
        """Count the outcomes of a part's rows; rows without evidence are unknown."""
        try:
            return self._from_files(part)
        except RunInterruptedError:
            raise
        except BulkflowError as error:
            # The failure of the part matters more, and must not be hidden by this error.
            self.context.emit(
                Notice(
                    f"the rows of job {part.id} could not be counted: {error}",
                    NoticeLevel.WARNING,
                    job=self.parts.job.key,
                    help="rows that were processed before it ended are loaded; its result files "
                    "in the org list them",
                )
            )
            return Counts(part.rows, unknown=part.rows)

    def _from_files(self, part: PartJob) -> Counts:
        """Count the outcomes of a part's rows in its result files.

        For jobs that did not complete, or completed with fewer rows than they got: the counters in
        their properties are not enough.
        """
        trusted = self.results.trusted
        wanted = self._files(part)
        trusted.fetch(wanted)
        found = {
            which: count_rows(self.results.files.path(part, which), part, which)
            for _, which in trusted.usable(wanted)
        }
        if not trusted.trust.dropped.isdisjoint(wanted):
            return Counts(part.rows, unknown=part.rows)
        if part.state == JobState.JOB_COMPLETE:
            loaded, failed = part.counts.loaded, part.counts.failed
        else:
            loaded, failed = found.get(ResultKind.SUCCESSFUL, 0), found.get(ResultKind.FAILED, 0)
        rows = part.rows or loaded + failed
        left = max(0, rows - loaded - failed)
        unprocessed = min(left, found.get(ResultKind.UNPROCESSED, 0))
        return Counts(rows, loaded, failed, unprocessed, unknown=left - unprocessed)

    def _files(self, part: PartJob) -> list[tuple[PartJob, ResultKind]]:
        """List the files that show the outcomes of a part's rows where its counters do not."""
        complete = part.state == JobState.JOB_COMPLETE
        files = (ResultKind.UNPROCESSED,) if complete else ALL_FILES
        return [(part, which) for which in files if self.results.files.has_rows(part, which)]
