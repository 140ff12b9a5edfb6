"""Reads a job's source before anything is sent, and cuts it into parts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bulkflow.errors import DataError
from bulkflow.model.part import Manifest
from bulkflow_csv import ByteSource
from bulkflow_ingest.cutting import part_of, record_of, same_columns, scan_of
from bulkflow_ingest.drafts import sync
from bulkflow_ingest.opening import sources
from bulkflow_ingest.parts import JobParts, PartJob
from bulkflow_ingest.recovery import bring_back
from bulkflow_ingest.rereading import parts_of
from bulkflow_ingest.settings import IngestSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bulkflow.model.history import JobHistory
    from bulkflow.plugin import Context, Job
    from bulkflow_csv import Scan
    from bulkflow_ingest.fates import Resend


def prepare(context: Context, job: Job) -> Manifest | None:
    """Read a job's source to its end; keeps the parts in the job's state.

    None for a job of the org that gets no data from here.

    Raises:
        DataError: there is nothing at the location, or Salesforce would refuse what is there.
    """
    settings = IngestSettings.of(job.settings)
    if settings.location is None:
        assert settings.existing is not None
        JobParts.attach(job, settings, [PartJob(None, None, id=settings.existing)])
        return None
    history = context.journal.history(job.key)
    if history is not None:
        return _bring_back(job, settings, history)
    scans = [scan_of(source, settings) for source in sources(context, job, settings)]
    for each in scans:
        if each.source.spooled:
            # What was read once must be there when the run is gone on with.
            sync(each.source.path)
    origins: list[str | None] = [None] * len(scans)
    same_columns([each.head for each in scans])
    parts = _cut(scans, origins, settings)
    if settings.existing is not None and len(parts) != 1:
        raise DataError(
            f"job {settings.existing} takes one upload, but the data makes {len(parts)} parts",
            place=settings.location,
            help="load it with a job of its own: declare what it does instead of `existing`",
        )
    JobParts.attach(job, settings, parts, scans[0].header.columns)
    return _manifest(parts, scans, origins, settings.encoding)


def _bring_back(job: Job, settings: IngestSettings, history: JobHistory) -> Manifest:
    """Make the parts that an earlier attempt has cut, as far along as it brought them."""
    parts = parts_of(history, settings)
    for part, earlier in zip(parts, history.parts, strict=True):
        bring_back(part, earlier)
    columns = next((part.data.header.columns for part in parts if part.data is not None), ())
    attached = JobParts.attach(job, settings, parts, columns)
    attached.brought_back = True
    attached.count()
    cut = tuple(each.part for each in history.parts)
    rows, size = sum(part.rows for part in cut), sum(part.bytes for part in cut)
    return Manifest(cut, columns, rows, size, history.sources)


def add_rows(context: Context, job: Job, again: Sequence[Resend]) -> list[PartJob]:
    """Add parts to a job, of rows of its source that are to be sent again; they are recorded."""
    attached = JobParts.of(job)
    settings = attached.settings
    scans = [
        scan_of(ByteSource(f"{job.name}, again", each.path, spooled=True), settings)
        for each in again
    ]
    origins: list[str | None] = [str(each.mapping.absolute()) for each in again]
    parts = _cut(scans, origins, settings, first=len(attached.parts))
    context.journal.prepared(job.key, _manifest(parts, scans, origins))
    attached.add(parts)
    return parts


def _cut(
    scans: Sequence[Scan],
    origins: Sequence[str | None],
    settings: IngestSettings,
    *,
    first: int = 0,
) -> list[PartJob]:
    ranges = [
        (data, each.dialect, origin)
        for each, origin in zip(scans, origins, strict=True)
        for data in each.parts
    ]
    return [
        PartJob(
            part_of(number, data),
            data,
            dialect,
            settings.existing,
            origin=Path(origin) if origin is not None else None,
        )
        for number, (data, dialect, origin) in enumerate(ranges, first)
    ]


def _manifest(
    parts: Sequence[PartJob],
    scans: Sequence[Scan],
    origins: Sequence[str | None],
    encoding: str | None = None,
) -> Manifest:
    cut = tuple(each.part for each in parts if each.part is not None)
    return Manifest(
        cut,
        scans[0].header.columns,
        sum(part.rows for part in cut),
        sum(part.bytes for part in cut),
        tuple(
            record_of(each.head, origin, each.digest)
            for each, origin in zip(scans, origins, strict=True)
        ),
        tuple(f"{each.source.name}: {note}" for each in scans for note in _notes(each, encoding)),
    )


def _notes(scanned: Scan, encoding: str | None) -> Iterator[str]:
    if encoding is not None:
        yield f"is written anew from {encoding} to UTF-8, as Salesforce reads no other encoding"
    yield from scanned.notes
