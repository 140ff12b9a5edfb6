"""What the journal records of the pages of an extract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from bulkflow.model.event import Notice, NoticeLevel, Progress
from bulkflow_query.execution.deliver import get_rows_path
from bulkflow_query.execution.prepare import PAGE, RESTART
from bulkflow_query.rows_file import count_intact

if TYPE_CHECKING:
    from bulkflow.plugin import Context
    from bulkflow_query.execution.query_job import LogicalQuery
    from bulkflow_query.rows_file import Page

_INTERVAL = 0.25
"""Seconds between two reports of the progress."""


@define(eq=False, repr=False)
class PageRecorder:
    """Records the pages of one extract, and reports its progress."""

    context: Context
    query: LogicalQuery
    _reported_at: float = field(default=0.0, init=False)

    def check_pages(self) -> None:
        """Drop the pages of an earlier attempt that are not in the file as they were recorded."""
        pages = self.query.pages
        intact = count_intact(get_rows_path(self.context, self.query.job), pages)
        if intact == len(pages):
            return
        if self.query.delivered is None:
            self._warn(
                f"{len(pages) - intact:,} of the {len(pages):,} pages that were fetched are not in "
                "the run's folder any more, so they are fetched again"
            )
        del pages[intact:]

    def drop_pages(self, reason: str) -> None:
        """Drop all pages."""
        self._warn(reason)
        self.query.pages.clear()
        number = self.context.journal.intend(self.query.job.key, 0, RESTART, {})
        self.context.journal.settle(number, "done", {})

    def record(self, page: Page) -> None:
        """Record a page whose rows are in the file."""
        journal = self.context.journal
        number = journal.intend(self.query.job.key, 0, PAGE, page.to_json())
        journal.settle(number, "done", {})
        self.query.update(self.query.remote)
        self.report()

    def report(self, *, now: bool = False) -> None:
        """Emit the progress, unless it was emitted a moment ago."""
        at = self.context.clock.monotonic()
        if not now and at - self._reported_at < _INTERVAL:
            return
        self._reported_at = at
        remote = self.query.remote
        fetched = sum(page.rows for page in self.query.pages)
        self.context.emit(
            Progress(
                self.query.job.key,
                self.context.clock.time(),
                parts=1,
                parts_done=int(not self.query.is_extracting),
                bytes_sent=0,
                bytes_total=None,
                rows_processed=fetched,
                rows_failed=0,
                rows_total=remote.remote.processed or None,
                states={} if remote.state is None else {str(remote.state): 1},
            )
        )

    def _warn(self, message: str) -> None:
        self.context.emit(Notice(message, NoticeLevel.WARNING, job=self.query.job.key))
