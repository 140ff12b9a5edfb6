"""Opens the source of a job as files that can be read at any offset."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, assert_never

from attrs import evolve

from bulkflow.atomic_files import COPIES, sync_file, sync_folder
from bulkflow.errors import DataError, StepError
from bulkflow.plugin import SourceBytes, SourceFile, SourceRequest, SourceRows, SourceTable
from bulkflow.plugin.error_boundary import attribute_errors
from bulkflow.private_files import make_private_folder
from bulkflow.system_errors import explained
from bulkflow_csv import ByteSource, find_compression, open_source, spool
from bulkflow_ingest.source.readable import ReadableSource, make_readable
from bulkflow_ingest.source.row_places import write_places
from bulkflow_jobs.extracted_rows import get_extracted_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bulkflow.plugin import Context, Job, Source, SourceData
    from bulkflow_ingest.settings import IngestSettings

logger = logging.getLogger(__name__)


def open_sources(context: Context, job: Job, settings: IngestSettings) -> Iterator[ReadableSource]:
    """Yield the files of a job's source in the order in which they are loaded.

    Data that cannot be scanned where it is, is copied to the run's folder.

    Raises:
        DataError: There is nothing at the location, or it cannot be read.
        StepError: A copy cannot be written.
    """
    directory = make_copies_folder(context)
    for data in open_location(context, job, settings):
        if isinstance(data, SourceFile) and find_compression(data.path):
            from bulkflow_ingest.source.header import read_columns

            # Fails early for a file that is not CSV, before gigabytes of it are decompressed.
            read_columns(data, settings, directory)
        if isinstance(data, SourceTable) and settings.row_clauses:
            yield _stage_table(data, directory)
            continue
        source = to_byte_source(data, directory, context.checkpoint)
        if source.spooled:
            logger.info("%s: copied to %s, to read it at any offset", source.name, source.path)
        if isinstance(data, SourceRows | SourceTable):
            yield ReadableSource(source)
        else:
            yield make_readable(source, directory, settings)


def _stage_table(data: SourceTable, directory: Path) -> ReadableSource:
    """Copy typed rows as text, which outcomes refer to, and with their types, for row clauses."""
    from bulkflow_rows.table_to_csv import stage_table

    path, typed = stage_table(data, directory)
    write_places(path, data.places)
    return ReadableSource(ByteSource(data.name, path, spooled=True), typed=typed)


def open_location(
    context: Context, job: Job, settings: IngestSettings, *, only_columns: bool = False
) -> Iterator[SourceData]:
    """Yield the data at a job's location, in the order in which it is loaded.

    A location is found by its scheme, and the kind of a file by its suffix, else by its content.

    Raises:
        DataError: There is nothing at the location, or it cannot be read.
    """
    location = settings.location
    assert location is not None
    if settings.rows_of is not None:
        yield SourceFile(location, get_extracted_rows(settings.rows_of).path)
        return
    record = context.find_source(location)
    request = SourceRequest(
        location,
        job.folder,
        context.environ,
        settings=job.settings,
        directory=make_copies_folder(context),
        open_org=context.open_org,
        checkpoint=context.checkpoint,
        only_columns=only_columns,
    )
    found = False
    for data in _open(record, request):
        found = True
        context.checkpoint()
        kind = context.find_file_source(data.path) if isinstance(data, SourceFile) else None
        if kind is None or kind is record:
            yield data
        else:
            assert isinstance(data, SourceFile)
            yield from _open(kind, evolve(request, location=data.name, path=data.path))
    if not found:
        raise DataError("there is nothing to load", place=location, help="check the location")


def _open(record: Source, request: SourceRequest) -> Iterator[SourceData]:
    with attribute_errors(record.provider, f"opening {request.location}"):
        for data in record.open(request):
            yield evolve(data, provider=record.provider) if isinstance(data, SourceRows) else data


def to_byte_source(
    data: SourceData, directory: Path, checkpoint: Callable[[], None] | None = None
) -> ByteSource:
    """Return the file of some data, or copy the data to a file in `directory`.

    `checkpoint` raises `RunInterruptedError` if the user asked the run to stop.

    Raises:
        DataError: The data cannot be read, or the copy cannot be written.
    """
    match data:
        case SourceFile():
            return open_source(data.path, directory, name=data.name)
        case SourceBytes():
            return spool(data.stream, directory, name=data.name)
        case SourceRows():
            from bulkflow_csv import write_rows
            from bulkflow_rows.python_values import spell_rows
            from bulkflow_rows.table_to_csv import make_rows_file

            path = make_rows_file(directory, data.name)
            with attribute_errors(data.provider, f"reading the rows of {data.name}"):
                write_rows(path, list(data.columns), spell_rows(data), name=data.name)
            write_places(path, data.places)
            return ByteSource(data.name, path, spooled=True)
        case SourceTable():
            from bulkflow_rows.table_to_csv import write_table

            path = write_table(data, directory, checkpoint)
            write_places(path, data.places)
            return ByteSource(data.name, path, spooled=True)
        case _:
            assert_never(data)


def make_copies_folder(context: Context) -> Path:
    """Make the run's folder for copies and rewritten files. Raises `StepError`."""
    directory = context.run_directory / COPIES
    try:
        make_private_folder(directory)
    except OSError as error:
        raise _make_copy_error(directory, error) from error
    return directory


def sync_copy(path: Path) -> None:
    """Write a copy and its name through to the disk. Raises `StepError`."""
    try:
        sync_file(path)
        sync_folder(path.parent)
    except OSError as error:
        raise _make_copy_error(path.parent, error) from error


def _make_copy_error(directory: Path, error: OSError) -> StepError:
    what, remedy = explained(error, "make room")
    return StepError(
        f"cannot store copies of the rows in {directory}: {what}",
        help=f"{remedy}, or choose another folder with --state-dir DIR",
    )
