"""Opens the source of a job as files that can be read at any offset."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING, assert_never

from attrs import evolve

from bulkflow.atomic_files import COPIES, sync_file, sync_folder
from bulkflow.errors import DataError, PluginError, StepError
from bulkflow.plugin import SourceBytes, SourceFile, SourceRequest, SourceRows
from bulkflow.plugin.error_boundary import attribute_errors
from bulkflow.private_files import make_private_folder
from bulkflow.system_errors import explained
from bulkflow_csv import ByteSource, is_gzip, open_source, spool
from bulkflow_ingest.source.readable import ReadableSource, make_readable
from bulkflow_jobs.extracted_rows import get_extracted_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bulkflow.plugin import Context, Job, Provider, SourceData
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
        if isinstance(data, SourceFile) and is_gzip(data.path):
            from bulkflow_ingest.source.header import read_columns

            # Fails early for a file that is not CSV, before gigabytes of it are decompressed.
            read_columns(data, settings, directory)
        source = to_byte_source(data, directory)
        if source.spooled:
            logger.info("%s: copied to %s, to read it at any offset", source.name, source.path)
        if isinstance(data, SourceRows):
            yield ReadableSource(source)
        else:
            yield make_readable(source, directory, settings)


def open_location(context: Context, job: Job, settings: IngestSettings) -> Iterator[SourceData]:
    """Yield the data at a job's location, in the order in which it is loaded.

    Raises:
        DataError: There is nothing at the location, or it cannot be read.
    """
    location = settings.location
    assert location is not None
    if settings.rows_of is not None:
        yield SourceFile(location, get_extracted_rows(settings.rows_of).path)
        return
    record = context.find_source(location)
    request = SourceRequest(location, job.folder, context.environ)
    with attribute_errors(record.provider, f"opening {location}"):
        found = False
        for data in record.open(request):
            found = True
            context.checkpoint()
            if isinstance(data, SourceRows):
                yield evolve(data, rows=_check_rows(data, record.provider))
            else:
                yield data
        if not found:
            raise DataError("there is nothing to load", place=location, help="check the location")


def _check_rows(data: SourceRows, provider: Provider | None) -> Iterator[Sequence[str | None]]:
    """Yield the rows of a source plugin. Raises `PluginError` for a value that is not a text."""
    with attribute_errors(provider, f"reading the rows of {data.name}"):
        for number, row in enumerate(data.rows, 1):
            for column, value in zip(data.columns, row, strict=False):
                if value is not None and not isinstance(value, str):
                    raise PluginError(
                        f"row {number:,}, column {column}: plugin {provider or 'unknown'} gave "
                        f"{value!r:.80}, of type {type(value).__name__}, instead of a text",
                        help="this is a bug in the plugin, which must give a str or None for each "
                        "column; report it to its author with this message",
                    )
            yield row


def to_byte_source(data: SourceData, directory: Path) -> ByteSource:
    """Return the file of some data, or copy the data to a file in `directory`.

    Raises:
        CsvError: The data cannot be read, or the copy cannot be written.
        StepError: A file for rows cannot be made.
    """
    match data:
        case SourceFile():
            return open_source(data.path, directory, name=data.name)
        case SourceBytes():
            return spool(data.stream, directory, name=data.name)
        case SourceRows():
            from bulkflow_csv import write_rows

            # The name is unique, because parallel branches share the folder.
            path = _make_rows_file(directory)
            rows = ([value or "" for value in row] for row in data.rows)
            write_rows(path, list(data.columns), rows, name=data.name)
            return ByteSource(data.name, path, spooled=True)
        case _:
            assert_never(data)


def _make_rows_file(directory: Path) -> Path:
    try:
        descriptor, name = mkstemp(prefix="rows-", suffix=".csv", dir=directory)
    except OSError as error:
        raise _make_copy_error(directory, error) from error
    os.close(descriptor)
    return Path(name)


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
