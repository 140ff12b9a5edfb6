"""One `extract` over REST, for queries that query jobs refuse.

The pages of records become pages of the same file, so an interrupted extract continues at the page,
as long as the org keeps the result.
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from attrs import define

from bulkflow.errors import StepError, UsageError
from bulkflow.model.event import Notice
from bulkflow_jobs.patience import get_patience
from bulkflow_jobs.session import open_session
from bulkflow_jobs.sobjects import Describer
from bulkflow_query.api.field_kinds import find_kinds
from bulkflow_query.api.records import RecordColumn, list_columns, write_page
from bulkflow_query.api.rest import RestApi
from bulkflow_query.execution.deliver import deliver, get_rows_path, is_delivered
from bulkflow_query.execution.page_record import PageRecorder
from bulkflow_query.rows_file import PageError, RowsFile, open_temporary_file
from bulkflow_query.settings import find_reason_for_rest
from bulkflow_query.sinks.formats import find_format
from bulkflow_salesforce import NotFoundError, SalesforceError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bulkflow.plugin import Context
    from bulkflow_query.api.rest import RecordPage
    from bulkflow_query.execution.query_job import LogicalQuery


@define(eq=False, repr=False)
class RestExtraction:
    """Runs a query over REST and saves its records.

    Attributes:
        context: The step's context.
        query: The query.
        path: Where to save the rows; None to keep them in the run's folder.
    """

    context: Context
    query: LogicalQuery
    path: Path | None

    def run(self) -> None:
        """Fetch all records and save them.

        Raises:
            UsageError: The format cannot hold what the query selects.
            StepError: The query failed, or its result cannot be fetched or saved.
        """
        columns = list_columns(self.query.settings.parse())
        self._check_format(columns)
        if is_delivered(self.query, self.path):
            self.query.job.saved.append(str(self.path))
            return
        recorder = PageRecorder(self.context, self.query)
        recorder.check_pages()
        reason = find_reason_for_rest(self.query.settings)
        self._notify(f"the query of job {self.query.job.name} goes over REST: {reason}")
        try:
            self._fetch_all(columns, recorder)
        except SalesforceError as error:
            if not self.query.pages or not _means_gone(error):
                raise
            recorder.drop_pages(
                f"the result of the query is no longer in the org: {error.message}; the query is "
                "run again from the beginning"
            )
            self._fetch_all(columns, recorder)
        deliver(self.query, self.context, self.path, lambda _: self._find_kinds(columns))

    def _check_format(self, columns: Sequence[RecordColumn]) -> None:
        found = [column.name for column in columns if column.is_json]
        typed = self.path is not None and find_format(self.path).typed
        if found and not typed:
            raise UsageError(
                f"{found[0]} has several values in a row, which CSV does not have",
                help="save the rows as .jsonl or .parquet",
            )

    def _fetch_all(self, columns: Sequence[RecordColumn], recorder: PageRecorder) -> None:
        settings, pages = self.query.settings, self.query.pages
        patience = get_patience(self.context, settings.patience)
        api = RestApi(open_session(self.context)).with_patience(patience)
        path = get_rows_path(self.context, self.query.job)
        with RowsFile(path, pages) as rows:
            link = pages[-1].next if pages else ""
            while link is not None:
                self.context.checkpoint()
                if link:
                    page = api.query_more(link)
                else:
                    page = api.query(settings.query, includes_deleted=settings.includes_deleted)
                    self.query.began = _read_date(page.at)
                self._append(rows, page, columns, link)
                recorder.record(pages[-1])
                link = page.next
            rows.sync()

    def _append(
        self, rows: RowsFile, page: RecordPage, columns: Sequence[RecordColumn], link: str
    ) -> None:
        with open_temporary_file(rows.path.parent) as file:
            written = write_page(page, columns, file)
            try:
                rows.append(file, link, page.next, written)
            except PageError as error:
                raise StepError(f"a page of records is damaged: {error}") from error

    def _find_kinds(self, columns: Sequence[RecordColumn]) -> tuple[str, ...]:
        describer = Describer(open_session(self.context))
        name = self.query.settings.parse().object
        paths = [column.path.text for column in columns if column.path is not None]
        kinds = dict(zip(paths, find_kinds(describer, name, paths), strict=True))
        return tuple(
            (column.kind or "") if column.path is None else kinds[column.path.text]
            for column in columns
        )

    def _notify(self, message: str) -> None:
        self.context.emit(Notice(message, job=self.query.job.key))


def _read_date(text: str | None) -> str | None:
    """Read the date of a response, which has seconds; the query began up to a second before."""
    try:
        return None if text is None else parsedate_to_datetime(text).isoformat()
    except ValueError:
        return None


def _means_gone(error: SalesforceError) -> bool:
    return isinstance(error, NotFoundError) or error.is_code("INVALIDQUERYLOCATOR")
