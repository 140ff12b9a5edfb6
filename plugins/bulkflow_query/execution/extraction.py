"""One `extract`: from wherever an earlier attempt got to, to a whole file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from bulkflow.errors import StepError
from bulkflow_jobs.errors import JobGoneError
from bulkflow_jobs.sobjects import Describer
from bulkflow_jobs.worker_pool import WorkerPool
from bulkflow_query.api.field_kinds import find_kinds
from bulkflow_query.execution.deliver import deliver, get_rows_path, is_delivered
from bulkflow_query.execution.page_record import PageRecorder
from bulkflow_query.execution.runner import MAX_RUNS
from bulkflow_query.pages.addresses import find_addresses
from bulkflow_query.pages.errors import PagesChangedError, ResultGoneError
from bulkflow_query.pages.fetch import PageFetcher
from bulkflow_query.rows_file import RowsFile
from bulkflow_query.settings import CONNECTIONS
from bulkflow_query.sinks.formats import find_format

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bulkflow.plugin import Context
    from bulkflow_query.execution.query_job import LogicalQuery
    from bulkflow_query.execution.runner import QueryRunner


@define(eq=False, repr=False)
class Extraction:
    """Runs a query and fetches its rows.

    Attributes:
        runner: The steps of the job.
        path: Where to save the rows; None to keep them in the run's folder.
    """

    runner: QueryRunner
    path: Path | None
    _recorder: PageRecorder = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._recorder = PageRecorder(self.context, self.query)

    @property
    def query(self) -> LogicalQuery:
        """The query."""
        return self.runner.query

    @property
    def context(self) -> Context:
        """The step's context."""
        return self.runner.context

    def run(self) -> None:
        """Fetch all rows and save them.

        Raises:
            StepError: The query failed, or its result cannot be fetched or saved.
        """
        if self.path is not None:
            find_format(self.path)
        if is_delivered(self.query, self.path):
            self.query.job.saved.append(str(self.path))
            return
        self.query.is_extracting = True
        self._recorder.check_pages()
        for number in range(1, MAX_RUNS + 1):
            try:
                self._fetch_all()
                break
            except (ResultGoneError, JobGoneError) as error:
                if number == MAX_RUNS:
                    raise
                self._recorder.drop_pages(f"{error}; the query is run again from the beginning")
                self.query.remote.mark_gone()
            except PagesChangedError as error:
                if number == MAX_RUNS:
                    raise
                self._recorder.drop_pages(f"{error}; they are fetched again from the first one")
        self.query.began = self.query.remote.created
        deliver(self.query, self.context, self.path, self._find_kinds)
        self.query.is_extracting = False
        self._recorder.report(now=True)

    def _fetch_all(self) -> None:
        self.runner.ensure_created()
        self.runner.wait()
        job = self.query.remote.id
        assert job is not None
        api = self.runner.requests.api
        path = get_rows_path(self.context, self.query.job)
        with RowsFile(path, self.query.pages, self._make_header()) as rows:
            addresses = find_addresses(
                api, job, rows.pages, CONNECTIONS, WorkerPool.of(self.context).submit_short
            )
            PageFetcher(self.context, api, addresses, rows, self._recorder.record).run()
            self._check_total(rows)
            rows.sync()

    def _make_header(self) -> bytes:
        """Make the header for an org that sends none if nothing matches."""
        from bulkflow_soql.features import list_paths

        names = [f'"{path.text}"' for path in list_paths(self.query.settings.parse())]
        return (",".join(names) + "\n").encode() if names else b""

    def _find_kinds(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Find the types of columns in the org's description of the object."""
        describer = Describer(self.runner.requests.api.session)
        return find_kinds(describer, self.query.settings.parse().object, columns)

    def _check_total(self, rows: RowsFile) -> None:
        """Compare the rows of all pages with the number that the job has found."""
        found = self.query.remote.remote.processed
        if rows.rows >= found:
            return
        raise StepError(
            f"the result of job {self.query.job.name} has {rows.rows:,} rows, and the job has "
            f"found {found:,}",
            help=f"`{self.context.format_command('resume')}` looks for the missing rows again",
        )
