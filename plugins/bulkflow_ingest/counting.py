"""Counts what became of a job's rows, where the org's own counts do not tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from bulkflow.errors import BulkflowError, DataError, RunInterruptedError
from bulkflow.model.event import Notice, NoticeLevel
from bulkflow.model.part import Counts, ErrorCount
from bulkflow_ingest.api import ResultFile
from bulkflow_ingest.refusals import BAD_ENDS

if TYPE_CHECKING:
    from bulkflow.plugin import Context
    from bulkflow_ingest.part_job import PartJob
    from bulkflow_ingest.parts import JobParts
    from bulkflow_ingest.results import Results


@frozen
class Counting:
    """Keeps a job's counts true once its parts are at an end."""

    context: Context
    parts: JobParts
    results: Results

    def count(self) -> None:
        """Count all parts; those that did not complete by their result files."""
        self.results.files.fetch_for_counting(
            part for part in self.parts.in_org if part.state in BAD_ENDS
        )
        for part in self.parts.parts:
            counted = self._counted(part) if part.state in BAD_ENDS else None
            if counted is not None:
                loaded, failed = counted
                rows = part.rows or loaded + failed
                part.counted = evolve(
                    part.counts,
                    rows=rows,
                    loaded=loaded,
                    failed=failed,
                    unprocessed=max(0, rows - loaded - failed),
                    unknown=0,
                )
        self.parts.count()
        self.parts.tell(self.context, now=True)

    def count_again(self, counted: Counts) -> None:
        """Bring the counts to what they were when an earlier attempt had ended its work.

        Args:
            counted: What the earlier attempt counted.
        """
        parts = self.parts.parts
        if not all(part.is_final or part.deleted or part.given_up for part in parts):
            return
        self.count()
        if not self.parts.sent_again:
            return
        try:
            if not any(part.deleted for part in parts):
                self.settle()
                return
        except DataError as error:
            # Those who need the rows fail for it; to wait, give up or take back needs none.
            self.context.emit(
                Notice(
                    f"the rows that were sent again are not counted anew: {error}",
                    NoticeLevel.DETAIL,
                    job=self.parts.job.key,
                )
            )
        self.parts.settled = counted
        self.parts.count()

    def settle(self) -> None:
        """Count what became of the source's rows, some of which were sent again."""
        with self.results.fates(ResultFile.SUCCESSFUL, ResultFile.FAILED) as fates:
            total, errors = fates.counts().total, fates.errors()
        self.parts.settled = Counts(total.rows, total.loaded, total.failed, total.unprocessed)
        told = [ErrorCount(each.message, each.rows, each.varies) for each in errors[:1]]
        self.parts.job.commonest_error = told[0] if told else None
        self.parts.count()

    def _counted(self, part: PartJob) -> tuple[int, int] | None:
        """The rows loaded and failed of a part that did not complete; None if nobody can tell."""
        try:
            return self.results.counted(part)
        except RunInterruptedError:
            raise
        except BulkflowError as error:
            # That the part failed is what matters, and must not be lost for this.
            self.context.emit(
                Notice(
                    f"the rows of job {part.id} could not be counted: {error}",
                    NoticeLevel.WARNING,
                    job=self.parts.job.key,
                    help="rows that were processed before it ended are loaded; its result files "
                    "in the org tell which",
                )
            )
            return None
