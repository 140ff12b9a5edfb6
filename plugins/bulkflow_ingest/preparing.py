"""Reads a job's source before anything is sent: resolves the location, and cuts it into parts."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING, assert_never

from bulkflow.errors import DataError, StepError
from bulkflow.model.part import Manifest, Part
from bulkflow.plugin import SourceBytes, SourceFile, SourceRequest, SourceRows
from bulkflow.plugin.boundary import attributed
from bulkflow_csv import DELIMITERS, ByteSource, PartLimit, open_source, scan, spool, write_rows
from bulkflow_csv.limits import PART_BYTES
from bulkflow_ingest.parts import JobParts, PartJob
from bulkflow_ingest.settings import IngestSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bulkflow.plugin import Context, Job, SourceData
    from bulkflow_csv import PartRange, Scan


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
    scans = [_scan(source, settings) for source in _sources(context, job, settings.location)]
    _same_columns(scans)
    ranges = [(part, each.dialect) for each in scans for part in each.parts]
    if settings.existing is not None and len(ranges) != 1:
        raise DataError(
            f"job {settings.existing} takes one upload, but the data makes {len(ranges)} parts",
            place=settings.location,
            help="load it with a job of its own: declare what it does instead of `existing`",
        )
    parts = tuple(_part(index, each) for index, (each, _) in enumerate(ranges))
    JobParts.attach(
        job,
        settings,
        [
            PartJob(part, data, dialect, settings.existing)
            for part, (data, dialect) in zip(parts, ranges, strict=True)
        ],
        columns=scans[0].header.columns,
    )
    return Manifest(
        parts,
        scans[0].header.columns,
        sum(part.rows for part in parts),
        sum(part.bytes for part in parts),
        tuple(f"{each.source.name}: {note}" for each in scans for note in each.notes),
    )


def _scan(source: ByteSource, settings: IngestSettings) -> Scan:
    return scan(
        source,
        limit=PartLimit(settings.part_bytes or PART_BYTES, settings.part_rows),
        delimiter=DELIMITERS[settings.delimiter.upper()] if settings.delimiter else None,
        line_ending=settings.line_ending,
    )


def _part(index: int, data: PartRange) -> Part:
    return Part(
        index,
        data.source.name,
        data.start,
        data.end,
        data.first_row,
        data.first_line,
        data.rows,
        data.size,
    )


def _sources(context: Context, job: Job, location: str) -> Iterator[ByteSource]:
    record = context.source(location)
    request = SourceRequest(location, job.folder, context.environ)
    directory = context.run_directory / "data"
    _make(directory)
    with attributed(record.provider, f"opening {location}"):
        found = False
        for data in record.open(request):
            found = True
            context.checkpoint()
            yield _on_disk(data, directory)
        if not found:
            raise DataError("there is nothing to load", place=location, help="check the location")


def _on_disk(data: SourceData, directory: Path) -> ByteSource:
    match data:
        case SourceFile():
            return open_source(data.path, directory, name=data.name)
        case SourceBytes():
            return spool(data.stream, directory, name=data.name)
        case SourceRows():
            # A name of its own: branches that run side by side share the folder.
            path = _new_file(directory)
            rows = ([value or "" for value in row] for row in data.rows)
            write_rows(path, list(data.columns), rows, name=data.name)
            return ByteSource(data.name, path, spooled=True)
        case _:
            assert_never(data)


def _new_file(directory: Path) -> Path:
    try:
        descriptor, name = mkstemp(prefix="rows-", suffix=".csv", dir=directory)
    except OSError as error:
        raise _not_kept(directory, error) from error
    os.close(descriptor)
    return Path(name)


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_kept(directory, error) from error


def _not_kept(directory: Path, error: OSError) -> StepError:
    return StepError(
        f"the rows cannot be kept in {directory}: {error.strerror or error}",
        help="make room, or choose another folder with --state-dir DIR",
    )


def _same_columns(scans: Sequence[Scan]) -> None:
    first = scans[0]
    for other in scans[1:]:
        if other.header.columns != first.header.columns:
            raise DataError(
                f"its columns are not those of {first.source.name}: "
                f"{_difference(first.header.columns, other.header.columns)}",
                place=other.source.name,
                help="the files of one job must have the same columns in the same order; "
                "load the others with a job of their own",
            )


def _difference(first: Sequence[str], other: Sequence[str]) -> str:
    missing = [column for column in first if column not in other]
    added = [column for column in other if column not in first]
    if missing or added:
        return "; ".join(
            f"{what} {', '.join(columns)}"
            for what, columns in (("lacks", missing), ("adds", added))
            if columns
        )
    return "they stand in another order"
