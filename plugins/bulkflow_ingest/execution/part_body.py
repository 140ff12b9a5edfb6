"""Sends the data of one part: a range of its file, or the same compressed."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from attrs import define

from bulkflow.errors import StepError
from bulkflow_ingest.source.compression import CompressedBody, LinkStats, write_compressed
from bulkflow_jobs.notices import warn
from bulkflow_salesforce import SalesforceError, was_never_started

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkflow.plugin import Context
    from bulkflow_csv import PartBody, PartRange
    from bulkflow_ingest.api.client import IngestApi
    from bulkflow_ingest.parts.job_parts import JobParts
    from bulkflow_ingest.parts.part_job import PartJob


class GzipRefusedError(StepError):
    """The org refused compressed rows. Their job may hold them, so plain ones need another."""


def send_body(api: IngestApi, context: Context, parts: JobParts, part: PartJob, job: str) -> None:
    """Send a part's rows into a job, once; compressed if that was requested and is worthwhile.

    Raises:
        CsvError: The rows cannot be read, or their file changed while they were sent, so the job
            may not hold the rows that were checked.
        GzipRefusedError: The org refused compressed rows; further parts are sent uncompressed.
        OrgError: As `Session` raises.
    """
    assert part.data is not None
    _send(api, context, parts, part, part.data, job)
    # Opening the file checks that it is unchanged since it was scanned.
    with part.data.source.open() as file:
        part.data.source.check(file, part.data.stamp)


def _send(
    api: IngestApi, context: Context, parts: JobParts, part: PartJob, data: PartRange, job: str
) -> None:
    line, clock = LinkStats.of(context), context.clock

    def on_read(sent: int) -> None:
        # Nothing of a job is processed before it is closed, so the upload may stop anywhere.
        part.sent = sent
        parts.report_progress(context, part)

    compresses = parts.settings.compressed
    if compresses is None:
        compresses = context.open_org().compression
    if compresses and line.saves_time:
        began = clock.monotonic()
        with write_compressed(context, data) as body:
            ready = clock.monotonic()
            line.record_compression(data.size, body.length, ready - began)
            try:
                api.upload(job, _MeteredBody(body, data.size, context.checkpoint, on_read), "gzip")
            except SalesforceError as error:
                if was_never_started(error):
                    raise
                line.takes_gzip = False
                raise _refuse_gzip(context, parts, error) from error
            else:
                line.record_upload(body.length, clock.monotonic() - ready)
                return
    began = clock.monotonic()
    api.upload(job, _MeteredBody(data, data.size, context.checkpoint, on_read))
    line.record_upload(data.size, clock.monotonic() - began)


def _refuse_gzip(context: Context, parts: JobParts, error: SalesforceError) -> GzipRefusedError:
    """Warn that the org takes no compressed rows, and make the error for this part."""
    advice = (
        "remove the line `compressed` from the job, or `compression` from the org's "
        "profile: `bulkflow org login NAME --no-compress`"
    )
    warn(
        context,
        parts.job,
        f"this org refused compressed rows, so they are sent uncompressed, in another job: {error}",
        advice,
    )
    return GzipRefusedError(f"the org refused compressed rows: {error}", help=advice)


@define(eq=False, repr=False)
class _MeteredBody:
    """A part's body that reports how far it was read, and stops if the run is to stop.

    Attributes:
        body: The body as it is sent.
        part_size: The uncompressed bytes of the part.
        checkpoint: Raises if the run is to stop.
        on_read: Gets the bytes of the part that were read so far.
    """

    body: PartRange | CompressedBody
    part_size: int
    checkpoint: Callable[[], None]
    on_read: Callable[[int], None]

    @property
    def length(self) -> int:
        """Bytes of the body."""
        return self.body.length if isinstance(self.body, CompressedBody) else self.body.size

    def open(self) -> _MeteredReader:
        """Open a reader at the start."""
        ratio = self.part_size / max(1, self.length)
        return _MeteredReader(self.body.open(), ratio, self.checkpoint, self.on_read)


@define(eq=False, repr=False)
class _MeteredReader:
    _reader: PartBody | BinaryIO
    _ratio: float
    """Bytes of the part for each byte of the body."""
    _checkpoint: Callable[[], None]
    _on_read: Callable[[int], None]

    def read(self, size: int = -1, /) -> bytes:
        self._checkpoint()
        data = self._reader.read(size)
        self._on_read(round(self._reader.tell() * self._ratio))
        return data

    def tell(self) -> int:
        return self._reader.tell()

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._reader.seek(offset, whence)

    def close(self) -> None:
        self._reader.close()
