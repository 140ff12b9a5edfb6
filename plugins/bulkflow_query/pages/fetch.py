"""Fetches pages, several at a time, and appends them to the file in order."""

from __future__ import annotations

from collections import deque
from concurrent.futures import FIRST_COMPLETED, wait
from contextlib import closing
from io import BufferedWriter
from typing import TYPE_CHECKING, Final, cast

from attrs import define, field, frozen

from bulkflow.errors import StepError
from bulkflow_jobs.worker_pool import TICK, WorkerPool
from bulkflow_query.pages.errors import ResultGoneError
from bulkflow_query.rows_file import PageError, make_write_error, open_temporary_file
from bulkflow_salesforce import LocalFileError, NotFoundError, SalesforceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from io import FileIO
    from pathlib import Path

    from typing_extensions import Buffer

    from bulkflow.plugin import Context
    from bulkflow_query.api.client import FetchedPage, QueryApi
    from bulkflow_query.pages.addresses import Address, Addresses
    from bulkflow_query.rows_file import Page, RowsFile

ATTEMPTS: Final = 3
"""Requests for a page whose rows are not as many as the org announces."""


AHEAD: Final = 3
"""How many times as many pages may be fetched as are in progress, if the first one is slow."""


class CheckedFile(BufferedWriter):
    """A temporary file without a name that stops accepting data once the run has to stop."""

    def __init__(self, raw: FileIO, checkpoint: Callable[[], None]) -> None:
        super().__init__(raw)
        self._checkpoint = checkpoint

    def write(self, piece: Buffer, /) -> int:
        """Write a piece, unless the run has to stop."""
        self._checkpoint()
        return super().write(piece)


@frozen
class _Fetched:
    """A page in a temporary file, which has no name, and so ends with the process."""

    address: Address
    file: CheckedFile
    headers: FetchedPage

    def close(self) -> None:
        self.file.close()


@define(eq=False, repr=False)
class PageFetcher:
    """Fetches the pages of one result. It is used once.

    Attributes:
        context: The step's context.
        api: The requests.
        addresses: Where the pages are.
        rows: The file.
        on_page: Called with each page when its rows are in the file.
    """

    context: Context
    api: QueryApi
    addresses: Addresses
    rows: RowsFile
    on_page: Callable[[Page], None]
    _pending: deque[Future[object]] = field(factory=deque, init=False)

    def run(self) -> None:
        """Fetch all pages.

        Raises:
            ResultGoneError: The job or its result is gone, or a locator is not valid any more.
            StepError: A page is not what the org announced, or cannot be stored.
        """
        try:
            while True:
                self._submit()
                if not self._pending:
                    return
                self.context.checkpoint()
                if self._pending[0].done():
                    self._append(cast("_Fetched", self._pending.popleft().result()))
                else:
                    running = [future for future in self._pending if not future.done()]
                    wait(running, timeout=TICK, return_when=FIRST_COMPLETED)
        finally:
            self._drop()

    def _submit(self) -> None:
        pool = WorkerPool.of(self.context)
        width = self.addresses.width
        while (
            sum(not future.done() for future in self._pending) < width
            and len(self._pending) < AHEAD * width
        ):
            try:
                address = self.addresses.take()
            except SalesforceError as error:
                if _means_gone(error):
                    raise _make_gone_error(error) from error
                raise
            if address is None:
                return
            self._pending.append(pool.submit(self._fetch, address))

    def _drop(self) -> None:
        """Cancel what is not needed any more, and close its files."""
        for future in self._pending:
            future.cancel()
        wait(self._pending)
        for future in self._pending:
            if not future.cancelled() and future.exception() is None:
                cast("_Fetched", future.result()).close()

    def _fetch(self, address: Address) -> _Fetched:
        raw = self._make_file()
        file = CheckedFile(raw, self.context.checkpoint)
        try:
            headers = self.api.fetch_page(address.path, file, address.query)
            file.flush()
        except BaseException as error:
            raw.close()
            if isinstance(error, SalesforceError) and _means_gone(error):
                raise _make_gone_error(error) from error
            cause = error.__cause__ if isinstance(error, LocalFileError) else error
            if isinstance(cause, OSError):
                raise make_write_error(self.rows.path.parent, cause) from error
            raise
        return _Fetched(address, file, headers)

    def _make_file(self) -> FileIO:
        folder: Path = self.rows.path.parent
        try:
            return open_temporary_file(folder)
        except OSError as error:
            raise make_write_error(folder, error) from error

    def _append(self, fetched: _Fetched) -> None:
        """Append a page; fetch it again if it is not what the org announced."""
        for attempt in range(1, ATTEMPTS + 1):
            following = self.addresses.note(fetched.headers)
            try:
                with closing(fetched):
                    page = self._check_and_append(fetched, following)
            except PageError as error:
                number = len(self.rows.pages) + 1
                if attempt == ATTEMPTS:
                    raise StepError(
                        f"page {number:,} of the result is damaged: {error}",
                        help=f"`{self.context.format_command('resume')}` fetches it again",
                    ) from error
                fetched = self._fetch(fetched.address)
            else:
                self.on_page(page)
                return

    def _check_and_append(self, fetched: _Fetched, following: str | None) -> Page:
        headers = fetched.headers
        if headers.rows is None and headers.bytes:
            raise PageError("the org did not announce how many rows it has")
        return self.rows.append(
            cast("FileIO", fetched.file.raw), fetched.address.link, following, headers.rows or 0
        )


def _means_gone(error: SalesforceError) -> bool:
    return isinstance(error, NotFoundError) or error.is_code("INVALIDQUERYLOCATOR")


def _make_gone_error(error: SalesforceError) -> ResultGoneError:
    return ResultGoneError(
        f"the result of the query is no longer in the org: {error.message}",
        help="the query is run again",
    )
