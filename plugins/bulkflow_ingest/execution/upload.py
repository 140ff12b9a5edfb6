"""Sends the data of one part: as a range of the file, or compressed."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from attrs import define

from bulkflow.errors import StepError
from bulkflow_ingest.source.compression import CompressedBody, LinkStats, write_compressed
from bulkflow_salesforce import SalesforceError, not_begun

if TYPE_CHECKING:
    from bulkflow_csv import PartBody, PartRange
    from bulkflow_ingest.execution.journaled_requests import Requests
    from bulkflow_ingest.parts.part_job import PartJob


class GzipRefusedError(StepError):
    """Compressed rows were refused. Their job may hold them, so plain ones need another."""


def send(requests: Requests, part: PartJob, job: str) -> None:
    """Send a part's rows into a job, once; compressed where that was asked for and is worth it.

    Raises:
        CsvError: the rows cannot be read, or their file changed while they were sent: what the job
            holds is not what was checked, or may not be.
        GzipRefusedError: the org refused compressed rows; the next ones are sent plain.
        LostAnswerError, SalesforceError, ...: as `Session` raises.
    """
    assert part.data is not None
    _send(requests, part, part.data, job)
    # It was seen to be as it was scanned when it was opened.
    with part.data.source.open() as file:
        part.data.source.check(file, part.data.stamp)


def _send(requests: Requests, part: PartJob, data: PartRange, job: str) -> None:
    line, clock = LinkStats.of(requests.context), requests.context.clock
    wanted = requests.parts.settings.compressed
    if wanted is None:
        wanted = requests.context.open_org().compression
    if wanted and line.saves_time:
        began = clock.monotonic()
        with write_compressed(requests.context, data) as body:
            ready = clock.monotonic()
            line.record_compression(data.size, body.length, ready - began)
            try:
                requests.api.upload(job, _Counted(part, requests, body), "gzip")
            except SalesforceError as error:
                if not_begun(error):
                    raise
                line.takes_gzip = False
                advice = (
                    "remove the line `compressed` from the job, or `compression` from the org's "
                    "profile: `bulkflow org login NAME --no-compress`"
                )
                requests.warn(
                    f"this org refused compressed rows, so they are sent plain, in another job: "
                    f"{error}",
                    advice,
                )
                raise GzipRefusedError(
                    f"the org refused compressed rows: {error}", help=advice
                ) from error
            else:
                line.record_upload(body.length, clock.monotonic() - ready)
                return
    began = clock.monotonic()
    requests.api.upload(job, _Counted(part, requests, data))
    line.record_upload(data.size, clock.monotonic() - began)


@define(eq=False, repr=False)
class _Counted:
    """A part's body that says how far it has been read, and stops when the run is to stop."""

    _part: PartJob
    _requests: Requests
    _data: PartRange | CompressedBody

    @property
    def length(self) -> int:
        """Bytes of the body."""
        return self._data.length if isinstance(self._data, CompressedBody) else self._data.size

    def open(self) -> _CountedReader:
        """A reader at the start."""
        assert self._part.data is not None
        share = self._part.data.size / max(1, self.length)
        return _CountedReader(self._data.open(), self._part, self._requests, share)


@define(eq=False, repr=False)
class _CountedReader:
    _body: PartBody | BinaryIO
    _part: PartJob
    _requests: Requests
    _share: float
    """Bytes of the part that one byte of the body stands for."""

    def read(self, size: int = -1, /) -> bytes:
        # Nothing is processed of a job that is not closed, so the upload may end anywhere.
        self._requests.context.checkpoint()
        data = self._body.read(size)
        self._part.sent = round(self._body.tell() * self._share)
        self._requests.parts.report_progress(self._requests.context, self._part)
        return data

    def tell(self) -> int:
        return self._body.tell()

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._body.seek(offset, whence)

    def close(self) -> None:
        self._body.close()
